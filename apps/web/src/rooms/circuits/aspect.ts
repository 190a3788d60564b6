import type { CircuitsView } from "@patchbay/workbench-state";

export const COMPARED_ASPECT = 0.8;

/** Height over width of the place where the figure stands, roughly: the same on every screen, so that addresses agree. */
export function aspectOf({ panel, annotations }: Pick<CircuitsView, "panel" | "annotations">): number {
  if (panel === "compare") return COMPARED_ASPECT;
  return annotations.pins.length + annotations.supernodes.length > 0 ? 0.4 : 0.6;
}
