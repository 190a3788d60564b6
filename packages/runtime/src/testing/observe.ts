/** Every site and the logits of one pass, for tests that compare passes. */
import assert from "node:assert/strict";
import { type Engine, type ModelShape, type SiteEdit, siteKindsOf } from "@patchbay/transformer";
import { describeSite, ensureDefined, nameOf, type Site, type Tensor } from "@patchbay/vocabulary";

export type Tokens = readonly (readonly number[])[];

export interface Observation {
  /** By site name. */
  readonly sites: ReadonlyMap<string, Tensor>;
  /** [batch, position, token] */
  readonly logits: Tensor;
}

/** Every site of the model, in order of computation; `kinds` restricts them. */
export function sitesOf(shape: ModelShape, kinds = siteKindsOf(shape)): Site[] {
  return kinds.flatMap((kind): Site[] => {
    if (describeSite(kind).stage !== "block") return [{ kind }];
    return Array.from({ length: shape.layers }, (_, layer) => ({ kind, layer }));
  });
}

export interface ObserveOptions {
  readonly edits?: readonly SiteEdit[];
  /** Without it the pass takes the product of all heads at once, as it does when nobody asks for single heads. */
  readonly perHead?: boolean;
}

export async function observe(engine: Engine, tokens: Tokens, options: ObserveOptions = {}): Promise<Observation> {
  const { edits = [], perHead = false } = options;
  const all = sitesOf(engine.model.shape).filter(({ kind }) => perHead || kind !== "attn.hook_result");
  const isLate = ({ kind }: Site) => describeSite(kind).stage === "unembed";
  const early = all.filter((site) => !isLate(site));
  const late = all.filter(isLate);

  const forward = await engine.forward({ tokens, edits, reads: early.map((site) => ({ site })) });
  const positions = indices(tokens[0]?.length ?? 0);
  const head = await engine.unembed({
    residual: forward.residual,
    positions,
    edits,
    full: true,
    reads: late.map((site) => ({ site })),
  });
  const sites = new Map<string, Tensor>();
  early.forEach((site, i) => {
    sites.set(nameOf(site), ensureDefined(forward.reads[i]));
  });
  late.forEach((site, i) => {
    sites.set(nameOf(site), ensureDefined(head.reads[i]));
  });
  return { sites, logits: ensureDefined(head.logits) };
}

/** [batch, position, token] of one pass. */
export async function logitsOf(engine: Engine, tokens: Tokens, edits: readonly SiteEdit[] = []): Promise<Tensor> {
  const { residual } = await engine.forward({ tokens, edits });
  const positions = indices(tokens[0]?.length ?? 0);
  return ensureDefined((await engine.unembed({ residual, positions, edits, full: true })).logits);
}

/** An edit of everything at a site that changes nothing unless the rest says so. */
export function editOf(site: Site, rest: Partial<SiteEdit>): SiteEdit {
  return { rows: "all", positions: "all", units: "all", dimensions: "all", scale: 1, offset: 0, ...rest, site };
}

export function indices(length: number, start = 0): number[] {
  return Array.from({ length }, (_, i) => start + i);
}

/** Pseudo-random token ids, the same every time. */
export function someTokens(count: number, vocabulary: number, seed = 1): number[] {
  return indices(count).map((i) => (seed * 7919 + i * i * 31 + i * 17 + 3) % vocabulary);
}

/** Largest |a − b| over the largest finite |b|; infinities must agree. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  assert.equal(actual.length, expected.length, "number of values");
  let largest = Number.MIN_VALUE;
  let difference = 0;
  for (let i = 0; i < actual.length; i++) {
    const [a = Number.NaN, b = Number.NaN] = [actual[i], expected[i]];
    if (a === b) {
      if (Number.isFinite(b)) largest = Math.max(largest, Math.abs(b));
      continue;
    }
    const distance = Math.abs(a - b);
    difference = Math.max(difference, Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance);
    if (Number.isFinite(b)) largest = Math.max(largest, Math.abs(b));
  }
  return difference / largest;
}

/** Equal in every value; +0 and −0 are the same number. */
export function assertSameNumbers(actual: Tensor | undefined, expected: Tensor | undefined, what: string): void {
  assert.ok(actual !== undefined && expected !== undefined, `${what} is there`);
  assert.deepEqual(actual.shape, expected.shape, `${what}: shape`);
  let different = 0;
  for (let i = 0; i < expected.data.length; i++) {
    const [a, b] = [actual.data[i], expected.data[i]];
    if (a !== b && !(Number.isNaN(a) && Number.isNaN(b))) different += 1;
  }
  assert.equal(different, 0, `${what}: values that differ, of ${expected.data.length}`);
}

export function assertClose(
  actual: Tensor | undefined,
  expected: Tensor | undefined,
  tolerance: number,
  what: string,
): number {
  assert.ok(actual !== undefined && expected !== undefined, `${what} is there`);
  assert.deepEqual(actual.shape, expected.shape, `${what}: shape`);
  const error = relativeError(actual.data, expected.data);
  assert.ok(error <= tolerance, `${what} differs by ${error}`);
  return error;
}
