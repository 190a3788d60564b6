"use client";
import { useEffect, useState } from "react";

/** The theme that the page wears now; a canvas must be painted again when it changes. */
export function useThemeName(): string {
  const [name, setName] = useState("");
  useEffect(() => {
    const root = document.documentElement;
    const read = () => setName(root.dataset.theme ?? "");
    read();
    const observer = new MutationObserver(read);
    observer.observe(root, { attributeFilter: ["data-theme"] });
    return () => observer.disconnect();
  }, []);
  return name;
}
