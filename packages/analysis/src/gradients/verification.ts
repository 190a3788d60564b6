/** Estimates beside what was measured: how well they agree. */
import type { Verification } from "@patchbay/contract";

export function verificationOf(points: Verification["points"]): Verification {
  const count = points.length;
  const mean = (of: (point: Verification["points"][number]) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / count;
  const [x, y] = [mean(({ approximate }) => approximate), mean(({ exact }) => exact)];
  const moment = (of: (dx: number, dy: number) => number) =>
    points.reduce((sum, { approximate, exact }) => sum + of(approximate - x, exact - y), 0);
  const [xx, yy, xy] = [moment((dx) => dx * dx), moment((_, dy) => dy * dy), moment((dx, dy) => dx * dy)];
  return {
    points,
    correlation: xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : null,
    slope: xx > 0 ? xy / xx : null,
    meanAbsoluteError: count === 0 ? 0 : mean(({ approximate, exact }) => Math.abs(approximate - exact)),
  };
}

/** The first `count` of a ranking, and `count` more drawn from the rest by a fixed rule. */
export function topAndRandom(total: number, count: number, random: () => number): { index: number; random: boolean }[] {
  const top = Math.min(count, total);
  const chosen = Array.from({ length: top }, (_, index) => ({ index, random: false }));
  const rest = Array.from({ length: total - top }, (_, i) => top + i);
  for (let drawn = 0; drawn < count && drawn < rest.length; drawn++) {
    const at = drawn + Math.floor(random() * (rest.length - drawn));
    const [here, there] = [rest[drawn] ?? 0, rest[at] ?? 0];
    rest[drawn] = there;
    rest[at] = here;
    chosen.push({ index: there, random: true });
  }
  return chosen;
}
