/**
 * A run whose values a sweep starts from or takes from: the residual stream before every block, keys and values, and the sites
 * that the sweep's cells touch. One row; held once, whatever the number of cells.
 */
import type { Dictionary } from "@patchbay/dictionary";
import type { Engine, SiteEdit, SiteRead } from "@patchbay/transformer";
import {
  ensureDefined,
  nameOf,
  parseSite,
  type Site,
  type SiteKind,
  selectAlong,
  type Tensor,
} from "@patchbay/vocabulary";
import { asRows, encodeFeatures } from "../dictionaries/encode-features.ts";
import type { SparseFeatures } from "../dictionaries/sparse-features.ts";

export class BaseRun {
  readonly tokens: readonly number[];
  /** [1, position, residual] after the last block. */
  readonly final: Tensor;
  readonly #engine: Engine;
  readonly #values: ReadonlyMap<string, Tensor>;
  readonly #features = new Map<Dictionary, Promise<SparseFeatures>>();

  constructor(engine: Engine, tokens: readonly number[], final: Tensor, values: ReadonlyMap<string, Tensor>) {
    this.#engine = engine;
    this.tokens = tokens;
    this.final = final;
    this.#values = values;
  }

  get length(): number {
    return this.tokens.length;
  }

  /** What the run holds. */
  get bytes(): number {
    return [...this.#values.values(), this.final].reduce((sum, { data }) => sum + data.byteLength, 0);
  }

  /** [1, …] */
  value(site: Site): Tensor {
    return ensureDefined(this.#values.get(nameOf(site)), nameOf(site));
  }

  /** Keys as they are cached: rotated. [1, position, key_value_head, head_dimension] */
  keys(layer: number): Tensor {
    return this.value({ kind: cachedKeys(this.#engine), layer });
  }

  cachedValues(layer: number): Tensor {
    return this.value({ kind: "attn.hook_v", layer });
  }

  /** Of every position; row = position. */
  features(dictionary: Dictionary, signal: AbortSignal): Promise<SparseFeatures> {
    const known = this.#features.get(dictionary);
    if (known !== undefined) return known;
    const input = asRows(this.value(parseSite(dictionary.spec.inputSite)));
    const computing = encodeFeatures(this.#engine, dictionary, input, signal);
    this.#features.set(dictionary, computing);
    return computing;
  }
}

function cachedKeys({ model }: Engine): SiteKind {
  return model.shape.positions.kind === "rotary" ? "attn.hook_rot_k" : "attn.hook_k";
}

/** Everything that cells of a run may start from, beside the sites that they touch. */
export function startingSites(engine: Engine): SiteKind[] {
  return ["hook_resid_pre", cachedKeys(engine), "attn.hook_v"];
}

/**
 * One pass, one run a row of edits: `tokens` are repeated for each list of edits.
 * @throws PatchbayError `cancelled`
 */
export async function baseRuns(
  engine: Engine,
  tokens: readonly number[],
  sites: readonly Site[],
  editsOfRows: readonly (readonly SiteEdit[])[],
  signal: AbortSignal,
): Promise<BaseRun[]> {
  const names = new Map(sites.map((site) => [nameOf(site), site]));
  const reads = [...names.values()].map((site): SiteRead => ({ site }));
  const pass = await engine.forward({
    tokens: editsOfRows.map(() => tokens),
    edits: editsOfRows.flatMap((edits, row) => edits.map((edit): SiteEdit => ({ ...edit, rows: [row] }))),
    reads,
    signal,
  });
  const rowOf = (value: Tensor, row: number) => (editsOfRows.length === 1 ? value : selectAlong(value, "batch", [row]));
  return editsOfRows.map(
    (_, row) =>
      new BaseRun(
        engine,
        tokens,
        rowOf(pass.residual, row),
        new Map([...names.keys()].map((name, i) => [name, rowOf(ensureDefined(pass.reads[i]), row)])),
      ),
  );
}

/** These kinds in every layer. */
export function inEveryLayer(kinds: Iterable<SiteKind>, layers: number): Site[] {
  return [...new Set(kinds)].flatMap((kind) => Array.from({ length: layers }, (_, layer) => ({ kind, layer })));
}
