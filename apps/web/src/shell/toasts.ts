/** Short messages that nobody has to answer. They are also the page's polite live region. */
import type { ReactNode } from "react";
import { useStore } from "zustand";
import { createStore } from "zustand/vanilla";

export interface Toast {
  readonly id: number;
  readonly content: ReactNode;
  readonly kind: "plain" | "good" | "bad";
}

const toasts = createStore<readonly Toast[]>(() => []);
let nextId = 1;

const VISIBLE_MILLISECONDS = 6000;

export function showToast(content: ReactNode, kind: Toast["kind"] = "plain"): void {
  const id = nextId++;
  toasts.setState((shown) => [...shown.slice(-2), { id, content, kind }], true);
  setTimeout(() => dismissToast(id), VISIBLE_MILLISECONDS);
}

export function dismissToast(id: number): void {
  toasts.setState((shown) => shown.filter((toast) => toast.id !== id), true);
}

export function useToasts(): readonly Toast[] {
  return useStore(toasts);
}
