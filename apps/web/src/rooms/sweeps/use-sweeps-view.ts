/** The room's view is its address: read from it, written to it, so that back, forward and links work by themselves. */
import { decodeSweepsView, encodeSweepsView, type SweepsView } from "@patchbay/workbench-state";
import { useMemo } from "react";
import { locationStore, navigate, useLocation } from "../../shell/location.ts";

/** Changes that are about looking, not about the question. */
const LOOKING: readonly (keyof SweepsView)[] = ["scale", "form", "cell", "asked"];

/** `step`: back undoes it. A change of the question waits to be asked again. */
export type UpdateSweeps = (change: Partial<SweepsView>, options?: { readonly step?: boolean }) => void;

export function useSweepsView(): {
  readonly view: SweepsView;
  readonly notices: readonly string[];
  readonly update: UpdateSweeps;
} {
  const search = useLocation()?.search ?? "";
  const decoded = useMemo(() => decodeSweepsView(search), [search]);
  return { ...decoded, update };
}

function update(change: Partial<SweepsView>, { step = false } = {}): void {
  const { pathname, search } = locationStore().getState();
  if (pathname !== "/sweeps") return;
  const changesQuestion = Object.keys(change).some((name) => !LOOKING.some((each) => each === name));
  const reset = changesQuestion ? { asked: false, cell: undefined } : {};
  navigate(`/sweeps${encodeSweepsView({ ...decodeSweepsView(search).view, ...reset, ...change })}`, { replace: !step });
}
