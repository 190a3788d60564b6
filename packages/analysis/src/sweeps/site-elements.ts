/** Where the elements of a place lie in the value of its site, whatever the order of the value's axes. */
import { axisIndex, describeSite, type Tensor } from "@patchbay/vocabulary";
import type { SitePlace } from "./cells.ts";

/**
 * Calls with the flat offset (in batch row 0) of each element, in the order positions × units × dimensions, and with the
 * ordinals of the element and of its position. `firstPosition`: where in the sequence the value's position axis begins.
 */
export function forEachElement(
  { site, positions, units, dimensions }: Pick<SitePlace, "site" | "positions" | "units" | "dimensions">,
  value: Tensor,
  firstPosition: number,
  visit: (offset: number, element: number, position: number) => void,
): void {
  const { positionAxis, unitAxis, detailAxis } = describeSite(site.kind);
  const { shape } = value;
  const stride = (axis: number) => shape.slice(axis + 1).reduce((product, length) => product * length, 1);
  const positionAt = axisIndex(value, positionAxis);
  const unitAt = axisIndex(value, unitAxis);
  const detailAt = detailAxis === undefined ? undefined : axisIndex(value, detailAxis);
  const [positionStride, unitStride] = [stride(positionAt), stride(unitAt)];
  const detailStride = detailAt === undefined ? 0 : stride(detailAt);
  const unitCount = units === "all" ? (shape[unitAt] ?? 0) : units.length;
  const detailCount = detailAt === undefined ? 1 : dimensions === "all" ? (shape[detailAt] ?? 0) : dimensions.length;
  const detailLength = detailAt === undefined ? 1 : (shape[detailAt] ?? 0);
  let element = 0;
  for (let p = 0; p < positions.length; p++) {
    const local = (positions[p] ?? 0) - firstPosition;
    if (local < 0 || local >= (shape[positionAt] ?? 0)) {
      element += unitCount * detailCount;
      continue;
    }
    for (let u = 0; u < unitCount; u++) {
      const unit = units === "all" ? u : (units[u] ?? 0);
      for (let d = 0; d < detailCount; d++, element++) {
        const detail = dimensions === "all" ? d : (dimensions[d] ?? 0);
        // Keys after the last position that matters are cut off a pattern.
        if (detail < detailLength) {
          visit(local * positionStride + unit * unitStride + detail * detailStride, element, p);
        }
      }
    }
  }
}

/** How many elements a place has. */
export function countElements(place: SitePlace, value: Tensor): number {
  const { unitAxis, detailAxis } = describeSite(place.site.kind);
  const length = (axis: string | undefined) => (axis === undefined ? 1 : (value.shape[axisIndex(value, axis)] ?? 0));
  const units = place.units === "all" ? length(unitAxis) : place.units.length;
  const details =
    detailAxis === undefined ? 1 : place.dimensions === "all" ? length(detailAxis) : place.dimensions.length;
  return place.positions.length * units * details;
}
