/** Edits of one site as two dense tensors: a ← a · scale + offset, element by element. */
import { axisLengthOf, type ModelShape, type SiteEdit } from "@patchbay/transformer";
import { type AxisName, describeSite, type SiteKind, sizeOfShape, type Tensor, tensor } from "@patchbay/vocabulary";

/** Edits compose in order: (a·s₁ + o₁)·s₂ + o₂. Both tensors have the site's axes. */
export function denseEdits(
  shape: ModelShape,
  kind: SiteKind,
  edits: readonly SiteEdit[],
  { batch, positions }: { readonly batch: number; readonly positions: number },
): { readonly scale: Tensor; readonly offset: Tensor } {
  const { axes, positionAxis, unitAxis, detailAxis } = describeSite(kind);
  const lengths = axes.map((axis) => (axis === "batch" ? batch : (axisLengthOf(shape, axis) ?? positions)));
  const scale = new Float32Array(sizeOfShape(lengths)).fill(1);
  const offset = new Float32Array(scale.length);
  const stride = (axis: AxisName | undefined) =>
    axis === undefined ? 0 : sizeOfShape(lengths.slice(axes.indexOf(axis) + 1));
  const length = (axis: AxisName | undefined) => (axis === undefined ? 1 : (lengths[axes.indexOf(axis)] ?? 1));
  for (const edit of edits) {
    const rows = selected(edit.rows, batch);
    const places =
      edit.positions !== "all" && "from" in edit.positions
        ? range(positions).slice(edit.positions.from)
        : selected(edit.positions, length(positionAxis));
    const units = selected(edit.units, length(unitAxis));
    const details = selected(edit.dimensions, length(detailAxis));
    const perPosition = units.length * details.length;
    for (const row of rows) {
      places.forEach((position, p) => {
        units.forEach((unit, u) => {
          details.forEach((detail, d) => {
            const at =
              row * stride("batch") +
              position * stride(positionAxis) +
              unit * stride(unitAxis) +
              detail * stride(detailAxis);
            const own = u * details.length + d;
            const value =
              typeof edit.offset === "number"
                ? edit.offset
                : (edit.offset[edit.offset.length === perPosition ? own : p * perPosition + own] ?? 0);
            scale[at] = (scale[at] ?? 1) * edit.scale;
            offset[at] = (offset[at] ?? 0) * edit.scale + value;
          });
        });
      });
    }
  }
  return { scale: tensor(axes, lengths, scale), offset: tensor(axes, lengths, offset) };
}

function selected(selection: "all" | readonly number[], length: number): readonly number[] {
  return selection === "all" ? range(length) : selection;
}

function range(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}
