/** What edits of one site mean, spelled out element by element: the engine's packed scatter is checked against it. */
import type { SiteEdit } from "@patchbay/transformer";
import { describeSite, ensureDefined, type Tensor } from "@patchbay/vocabulary";
import { indices } from "./observe.ts";

/** Applies the edits in order to a copy of the site's whole value, in float32 as the engine does. */
export function applyEdits(value: Tensor, edits: readonly SiteEdit[]): Tensor {
  const data = Float32Array.from(value.data);
  for (const edit of edits) applyEdit({ ...value, data }, edit);
  return { ...value, data };
}

function applyEdit({ axes, shape, data }: Tensor, edit: SiteEdit): void {
  const { positionAxis, unitAxis, detailAxis } = describeSite(edit.site.kind);
  const length = (axis: string) => ensureDefined(shape[axes.indexOf(axis)], axis);
  const chosen = (selection: "all" | readonly number[], axis: string) =>
    selection === "all" ? indices(length(axis)) : selection;
  const positions = positionsOf(edit, length(positionAxis));
  const units = chosen(edit.units, unitAxis);
  const details = detailAxis === undefined ? [0] : chosen(edit.dimensions, detailAxis);
  for (const row of chosen(edit.rows, "batch")) {
    positions.forEach((position, p) => {
      units.forEach((unit, u) => {
        details.forEach((detail, d) => {
          // A key after the query is out of sight, whatever an edit says.
          if (detailAxis === "key" && detail > position) return;
          const place = new Map<string, number>([
            ["batch", row],
            [positionAxis, position],
            [unitAxis, unit],
          ]);
          if (detailAxis !== undefined) place.set(detailAxis, detail);
          const at = axes.reduce((flat, axis) => flat * length(axis) + ensureDefined(place.get(axis), axis), 0);
          data[at] =
            (data[at] ?? 0) * edit.scale + offsetAt(edit, [p, u, d], units.length * details.length, details.length);
        });
      });
    });
  }
}

function positionsOf({ positions }: SiteEdit, length: number): readonly number[] {
  if (positions === "all") return indices(length);
  return "from" in positions ? indices(length - positions.from, positions.from) : positions;
}

function offsetAt(
  { offset }: SiteEdit,
  [p, u, d]: readonly [number, number, number],
  perPosition: number,
  details: number,
): number {
  if (typeof offset === "number") return offset;
  const inner = u * details + d;
  return ensureDefined(offset.length === perPosition ? offset[inner] : offset[p * perPosition + inner], "offset");
}
