import type { SiteEdit } from "@patchbay/transformer";
import { axisIndex, describeSite, nameOf, PatchbayError, type Site, type Tensor } from "@patchbay/vocabulary";
import type { InterventionContext, Place } from "./intervention-context.ts";
import { resolvePosition } from "./positions.ts";
import type { ResolvedInput } from "./resolve-input.ts";

/** Mean over all rows and positions after BOS of the reference; one value per unit and dimension. */
export async function referenceMean(
  texts: readonly string[] | undefined,
  place: Place,
  context: InterventionContext,
): Promise<Float32Array> {
  const { axes } = describeSite(place.site.kind);
  if (!(axes as readonly string[]).includes("position")) {
    throw new PatchbayError("invalid-request", `A mean over positions is not defined at "${nameOf(place.site)}".`, {
      expected: "a site with a position axis",
    });
  }
  const inputs = texts === undefined ? [context.input] : texts.map((text) => context.resolveInput({ text }));
  let sums: Float64Array | undefined;
  let count = 0;
  for (const input of inputs) {
    const first = input.bosPrepended && input.length > 1 ? 1 : 0;
    const positions = Array.from({ length: input.length - first }, (_, i) => first + i);
    const value = await readSite(place.site, input, positions, [], context);
    for (let row = 0; row < input.tokens.length; row++) {
      const picked = pick(
        value,
        row,
        positions.map((_, i) => i),
        place,
      );
      const width = picked.length / positions.length;
      sums ??= new Float64Array(width);
      for (let i = 0; i < picked.length; i++) sums[i % width] = (sums[i % width] ?? 0) + (picked[i] ?? 0);
      count += positions.length;
    }
  }
  return Float32Array.from(sums ?? [], (sum) => sum / count);
}

/** Another run, resolved: its input and its own edits. */
export interface OtherRun {
  readonly input: ResolvedInput;
  readonly edits: readonly SiteEdit[];
}

/** One edit a row: the values of the other run at the same site, position by position. */
export async function valuesOfOtherRun(
  { input: source, edits: sourceEdits }: OtherRun,
  fromPositions: readonly number[] | undefined,
  place: Place,
  context: InterventionContext,
): Promise<SiteEdit[]> {
  checkThatRunsLineUp(source, place, context);
  const here =
    place.positions === "all"
      ? Array.from({ length: context.input.length }, (_, i) => i)
      : Array.isArray(place.positions)
        ? (place.positions as readonly number[])
        : undefined;
  if (here === undefined) {
    throw new PatchbayError("invalid-request", "Values of another run cannot go to positions that do not exist yet.", {
      expected: 'positions "all", "last" or indices',
      received: '"generated"',
    });
  }
  const there = (fromPositions ?? here).map((position, i) =>
    resolvePosition(position, source.length, `fromPositions/${i}`),
  );
  if (there.length !== here.length) {
    throw new PatchbayError("values-do-not-fit", "The two runs do not line up.", {
      expected: `${here.length} positions of the other run`,
      received: String(there.length),
      advice: "Give fromPositions, one for each position here.",
    });
  }
  const value = await readSite(place.site, source, there, sourceEdits, context);
  const rows = place.rows === "all" ? context.input.tokens.map((_, row) => row) : place.rows;
  return rows.map((row) => ({
    ...place,
    rows: [row],
    positions: here,
    scale: 0,
    offset: pick(
      value,
      Math.min(row, source.tokens.length - 1),
      there.map((_, i) => i),
      place,
    ),
  }));
}

function checkThatRunsLineUp(source: ResolvedInput, { site }: Place, { input }: InterventionContext): void {
  const rows = source.tokens.length;
  if (rows !== 1 && rows !== input.tokens.length) {
    throw new PatchbayError("values-do-not-fit", "The two runs have different numbers of rows.", {
      expected: `1 or ${input.tokens.length} rows in the other run`,
      received: String(rows),
    });
  }
  if ((describeSite(site.kind).axes as readonly string[]).includes("key") && source.length !== input.length) {
    throw new PatchbayError("values-do-not-fit", "Attention of runs of different length cannot be exchanged.", {
      expected: `${input.length} tokens in the other run`,
      received: String(source.length),
    });
  }
}

async function readSite(
  site: Site,
  input: ResolvedInput,
  positions: readonly number[],
  edits: readonly SiteEdit[],
  { engine, signal }: InterventionContext,
): Promise<Tensor> {
  if (describeSite(site.kind).stage === "unembed") {
    const { residual } = await engine.forward({ tokens: input.tokens, edits, signal });
    const all = Array.from({ length: input.length }, (_, i) => i);
    const { reads } = await engine.unembed({ residual, positions: all, edits, reads: [{ site, positions }], signal });
    return reads[0] as Tensor;
  }
  const until = site.layer === undefined ? 0 : site.layer + 1;
  const { reads } = await engine.forward({ tokens: input.tokens, edits, reads: [{ site, positions }], until, signal });
  return reads[0] as Tensor;
}

/** One row's values at positions × selected units × selected dimensions, in that order whatever the tensor's axes. */
function pick(value: Tensor, row: number, positions: readonly number[], place: Place): Float32Array {
  const { axes, positionAxis, unitAxis, detailAxis } = describeSite(place.site.kind);
  const stride = (axis: string) => value.shape.slice(axisIndex(value, axis) + 1).reduce((a, b) => a * b, 1);
  const all = (axis: string) =>
    Array.from({ length: value.shape[(axes as readonly string[]).indexOf(axis)] ?? 0 }, (_, i) => i);
  const units = place.units === "all" ? all(unitAxis) : place.units;
  const details = detailAxis === undefined ? [0] : place.dimensions === "all" ? all(detailAxis) : place.dimensions;
  const detailStride = detailAxis === undefined ? 0 : stride(detailAxis);
  const result = new Float32Array(positions.length * units.length * details.length);
  let i = 0;
  for (const position of positions) {
    for (const unit of units) {
      for (const detail of details) {
        const at =
          row * stride("batch") + position * stride(positionAxis) + unit * stride(unitAxis) + detail * detailStride;
        result[i++] = value.data[at] ?? 0;
      }
    }
  }
  return result;
}
