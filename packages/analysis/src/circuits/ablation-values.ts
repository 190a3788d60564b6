/** What takes the place of ablated values: zeros, means over a reference, or the values of another prompt. */
import type { Engine, SiteRead } from "@patchbay/transformer";
import { ensureDefined, type Site, type Tensor, tensor } from "@patchbay/vocabulary";
import { encodeFeatures, reconstruct } from "../dictionaries/encode-features.ts";
import type { SparseFeatures } from "../dictionaries/sparse-features.ts";
import type { ResolvedInput } from "../run/resolve-input.ts";
import type { AblatedDictionary, Universe } from "./universe.ts";

export type SiteValues =
  | { readonly kind: "zero" }
  /** [unit × detail], the same at every position. */
  | { readonly kind: "pooled"; readonly value: Float32Array }
  /** [position × unit × detail] */
  | { readonly kind: "by-position"; readonly values: Float32Array };

export type FeatureValues =
  | { readonly kind: "zero" }
  /** [feature], and the error's [output]. */
  | { readonly kind: "pooled"; readonly features: Float32Array; readonly error: Float32Array }
  /** Rows are positions; errors [position × output]. */
  | { readonly kind: "by-position"; readonly features: SparseFeatures; readonly errors: Float32Array };

export interface AblationValues {
  /** In the order of the universe's sites, and of its dictionaries. */
  readonly sites: readonly SiteValues[];
  readonly dictionaries: readonly FeatureValues[];
}

export function zeros({ sites, dictionaries }: Universe): AblationValues {
  return { sites: sites.map(() => ({ kind: "zero" })), dictionaries: dictionaries.map(() => ({ kind: "zero" })) };
}

/** Means over all positions after BOS of the references, in float64. @throws PatchbayError `cancelled` */
export async function meanValues(
  engine: Engine,
  universe: Universe,
  references: readonly ResolvedInput[],
  signal: AbortSignal,
): Promise<{ values: AblationValues; positions: number }> {
  const sums = universe.sites.map(({ units, detail }) => new Float64Array(units * detail));
  const features = universe.dictionaries.map(({ dictionary }) => new Float64Array(dictionary.spec.features));
  const errors = universe.dictionaries.map(({ dictionary }) => new Float64Array(dictionary.spec.outputWidth));
  let count = 0;
  for (const reference of references) {
    const first = reference.bosPrepended && reference.length > 1 ? 1 : 0;
    const positions = Array.from({ length: reference.length - first }, (_, i) => first + i);
    const recorded = await recordValues(engine, universe, reference, positions, signal);
    for (const [s, data] of recorded.sites.entries()) addRows(ensureDefined(sums[s]), data);
    recorded.dictionaries.forEach((found, d) => {
      const sum = ensureDefined(features[d]);
      found.features.features.forEach((feature, i) => {
        sum[feature] = (sum[feature] ?? 0) + (found.features.values[i] ?? 0);
      });
      addRows(ensureDefined(errors[d]), found.errors);
    });
    count += positions.length * reference.tokens.length;
  }
  const mean = (sum: Float64Array) => Float32Array.from(sum, (value) => value / count);
  return {
    positions: count,
    values: {
      sites: sums.map((sum) => ({ kind: "pooled", value: mean(sum) })),
      dictionaries: features.map((sum, d) => ({
        kind: "pooled",
        features: mean(sum),
        error: mean(ensureDefined(errors[d])),
      })),
    },
  };
}

/** The values of another prompt of one row, position by position. */
export async function otherValues(
  engine: Engine,
  universe: Universe,
  other: ResolvedInput,
  signal: AbortSignal,
): Promise<AblationValues> {
  const positions = Array.from({ length: other.length }, (_, position) => position);
  const recorded = await recordValues(engine, universe, other, positions, signal);
  return {
    sites: recorded.sites.map((values) => ({ kind: "by-position", values })),
    dictionaries: recorded.dictionaries.map((found) => ({ kind: "by-position", ...found })),
  };
}

/** Which features fire on a prompt after BOS, by dictionary. */
export async function firingFeatures(
  engine: Engine,
  { dictionaries }: Universe,
  { tokens, length, bosPrepended }: ResolvedInput,
  signal: AbortSignal,
): Promise<Set<number>[]> {
  if (dictionaries.length === 0) return [];
  const first = bosPrepended && length > 1 ? 1 : 0;
  const positions = Array.from({ length: length - first }, (_, i) => first + i);
  const reads = dictionaries.map(({ input }) => ({ site: input, positions }));
  const pass = await engine.forward({ tokens, reads, until: blocksFor(reads), signal });
  const found: Set<number>[] = [];
  for (const [d, { dictionary }] of dictionaries.entries()) {
    const rows = rowsOf(ensureDefined(pass.reads[d]), dictionary.spec.inputWidth);
    found.push(new Set((await encodeFeatures(engine, dictionary, rows, signal)).features));
  }
  return found;
}

interface Recorded {
  /** [row × position × unit × detail] by site. */
  readonly sites: readonly Float32Array[];
  readonly dictionaries: readonly { readonly features: SparseFeatures; readonly errors: Float32Array }[];
}

async function recordValues(
  engine: Engine,
  { sites, dictionaries }: Universe,
  { tokens }: ResolvedInput,
  positions: readonly number[],
  signal: AbortSignal,
): Promise<Recorded> {
  const read = (site: Site): SiteRead => ({ site, positions });
  const reads = [
    ...sites.map(({ site }) => read(site)),
    ...dictionaries.flatMap(({ input, output }) => [read(input), read(output)]),
  ];
  const pass = await engine.forward({ tokens, reads, until: blocksFor(reads), signal });
  const recorded: Recorded["dictionaries"][number][] = [];
  for (const [d, each] of dictionaries.entries()) {
    const [input, output] = pass.reads.slice(sites.length + 2 * d);
    recorded.push(await featuresAndErrors(engine, each, ensureDefined(input), ensureDefined(output), signal));
  }
  return { sites: pass.reads.slice(0, sites.length).map(({ data }) => data), dictionaries: recorded };
}

/** Rows are [batch × position]; errors: what the dictionary does not make of the output site. */
export async function featuresAndErrors(
  engine: Engine,
  { dictionary }: AblatedDictionary,
  input: Tensor,
  output: Tensor,
  signal: AbortSignal,
): Promise<{ features: SparseFeatures; errors: Float32Array }> {
  const { inputWidth } = dictionary.spec;
  const { features, outputs } = await reconstruct(engine, dictionary, rowsOf(input, inputWidth), signal);
  const made = ensureDefined(outputs[0]).data;
  return { features, errors: output.data.map((value, i) => value - (made[i] ?? 0)) };
}

/** Any activation [batch, position, …] as [row, width]. */
export function rowsOf({ data }: Tensor, width: number): Tensor {
  return tensor(["row", "input"], [data.length / width, width], data);
}

function blocksFor(reads: readonly SiteRead[]): number {
  return Math.max(0, ...reads.map(({ site }) => (site.layer ?? -1) + 1));
}

/** Sums rows of the sum's width. */
function addRows(sum: Float64Array, rows: Float32Array): void {
  for (let i = 0; i < rows.length; i++) sum[i % sum.length] = (sum[i % sum.length] ?? 0) + (rows[i] ?? 0);
}
