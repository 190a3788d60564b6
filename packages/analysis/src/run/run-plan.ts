/** What a run must read in its one pass for everything that was asked of it, and the computing from what was read. */
import type { CaptureResult, FeatureResult, RunRequest, RunResult } from "@patchbay/contract";
import type { Dictionary } from "@patchbay/dictionary";
import { checkRead, type ForwardResult, type SiteEdit, type SiteRead } from "@patchbay/transformer";
import {
  describeSite,
  ensureDefined,
  nameOf,
  PatchbayError,
  parseSite,
  type Site,
  selectAlong,
  type Tensor,
} from "@patchbay/vocabulary";
import { attributionReads, directLogitAttribution } from "../attribution/direct-logit-attribution.ts";
import { computeFeatures, featureReads } from "../features/compute-features.ts";
import type { InterventionItem } from "../features/feature-edit.ts";
import { ledger, ledgerReads } from "../ledger/ledger.ts";
import { lensReads, lensSites, logitLens } from "../logit-lens/logit-lens.ts";
import { modelLogits } from "../logit-lens/logits.ts";
import type { ModelParts } from "./model-parts.ts";
import { resolvePosition, resolvePositions } from "./positions.ts";
import type { ResolvedInput } from "./resolve-input.ts";
import { resolveAnswer } from "./resolve-token.ts";
import { tensorToJson } from "./tensor-json.ts";

const DEFAULT_TOP = 10;
/** Most numbers that captures may return in one answer. */
const CAPTURE_LIMIT = 40_000_000;

export type Compute = NonNullable<RunRequest["compute"]>;

export class RunPlan {
  readonly reads: SiteRead[] = [];
  /** Blocks above this are not run: nothing asked for needs them. */
  readonly until: number;
  readonly #parts: ModelParts;
  readonly #input: ResolvedInput;
  readonly #compute: Compute;
  readonly #keys = new Map<string, number>();
  readonly #captures: { read: SiteRead; at: number | undefined; positions: number[] }[];
  readonly #lens: { sites: ReturnType<typeof lensSites>; positions: number[]; at: number[] } | undefined;
  readonly #ledger: { layer: number; position: number; row: number; at: number[] } | undefined;
  readonly #features: { dictionary: Dictionary; positions: number[]; at: number[] }[];
  readonly #attribution: { position: number; row: number; at: number[] } | undefined;

  /** @throws PatchbayError for whatever does not fit the model, the input or the dictionaries */
  static async of(parts: ModelParts, input: ResolvedInput, compute: Compute): Promise<RunPlan> {
    const dictionaries = (compute.features ?? []).map(({ dictionary }) => parts.dictionaries.find(dictionary));
    return new RunPlan(parts, input, compute, await Promise.all(dictionaries));
  }

  private constructor(parts: ModelParts, input: ResolvedInput, compute: Compute, dictionaries: readonly Dictionary[]) {
    const { shape } = parts.engine.model;
    this.#parts = parts;
    this.#input = input;
    this.#compute = compute;
    this.#captures = (compute.capture ?? []).map((query, i) => this.#planCapture(query, `compute/capture/${i}`));
    if (compute.lens !== undefined) {
      const sites = lensSites(compute.lens, shape.layers);
      const positions = resolvePositions(compute.lens.positions ?? "all", input.length, "compute/lens/positions");
      const all = positions.length === input.length && positions.every((position, i) => position === i);
      this.#lens = { sites, positions, at: this.#add(lensReads(sites, all ? undefined : positions)) };
    }
    if (compute.ledger !== undefined) {
      const { layer, position, row = 0 } = compute.ledger;
      if (layer >= shape.layers) throw outOfRange("layer", layer, shape.layers, "compute/ledger/layer");
      this.#checkRow(row, "compute/ledger/row");
      const resolved = resolvePosition(position, input.length, "compute/ledger/position");
      this.#ledger = { layer, position: resolved, row, at: this.#add(ledgerReads(layer, resolved)) };
    }
    if (compute.attribution !== undefined) {
      const { position = -1, row = 0 } = compute.attribution;
      this.#checkRow(row, "compute/attribution/row");
      const resolved = resolvePosition(position, input.length, "compute/attribution/position");
      this.#attribution = { position: resolved, row, at: this.#add(attributionReads(parts.engine.model, resolved)) };
    }
    this.#features = (compute.features ?? []).map((query, i) => {
      const dictionary = ensureDefined(dictionaries[i]);
      const positions = resolvePositions(query.positions ?? "all", input.length, `compute/features/${i}/positions`);
      const all = positions.length === input.length && positions.every((position, p) => position === p);
      return { dictionary, positions, at: this.#add(featureReads(dictionary, all ? undefined : positions)) };
    });
    const needsAll =
      compute.logits !== undefined ||
      compute.lens !== undefined ||
      compute.attribution !== undefined ||
      this.#captures.some(({ at }) => at === undefined);
    const highest = Math.max(-1, ...this.reads.map(({ site }) => site.layer ?? -1));
    this.until = needsAll ? shape.layers : highest + 1;
  }

  /**
   * The edits at places that this run reaches. An intervention none of whose edits is among them would change nothing that is
   * shown. A cross-layer feature also writes above what was asked for: that part is left out.
   */
  editsThatAct(items: readonly InterventionItem[], edits: readonly SiteEdit[]): SiteEdit[] {
    const { layers } = this.#parts.engine.model.shape;
    const acts = (site: Site) => {
      if (this.until >= layers) return true;
      const { stage } = describeSite(site.kind);
      return stage === "embed" || (stage === "block" && (site.layer ?? 0) < this.until);
    };
    for (const item of items) {
      const sites =
        item.kind === "site"
          ? item.edits.map(({ site }) => site)
          : item.dictionary.spec.outputSites.slice(0, 1).map((name) => parseSite(name));
      const idle = sites.find((site) => !acts(site));
      if (idle !== undefined) throw actsTooLate(idle, this.until);
    }
    return edits.filter(({ site }) => acts(site));
  }

  /** `edits` are what `items`, the interventions as they were asked for, come down to. */
  async compute(
    forward: ForwardResult,
    edits: readonly SiteEdit[],
    items: readonly InterventionItem[],
    signal: AbortSignal,
  ) {
    const { engine, tokenizer } = this.#parts;
    const results: RunResult["results"] = {};
    const tensors = new Map<string, Tensor>();
    const ids = new Set<number>();
    const keep = (more: { tensors: Map<string, Tensor>; ids: Iterable<number> }) => {
      for (const [name, value] of more.tensors) tensors.set(name, value);
      for (const id of more.ids) ids.add(id);
    };
    const { logits, lens, attribution, ledger: ledgerQuery } = this.#compute;

    if (logits !== undefined) {
      const positions = resolvePositions(logits.positions ?? "last", this.#input.length, "compute/logits/positions");
      const answer = await modelLogits(engine, atPositions(forward.residual, positions), positions, {
        top: logits.top ?? DEFAULT_TOP,
        full: logits.full ?? false,
        tracked: this.#tokens(logits.tokens, "compute/logits/tokens"),
        edits,
        signal,
      });
      results.logits = answer.result;
      keep(answer);
    }
    if (lens !== undefined && this.#lens !== undefined) {
      const { sites, positions, at } = this.#lens;
      const answer = await logitLens(
        engine,
        {
          sites,
          positions,
          states: at.map((i) => ensureDefined(forward.reads[i])),
          final: atPositions(forward.residual, positions),
        },
        {
          norm: lens.norm ?? "final",
          top: lens.top ?? 5,
          tracked: this.#tokens(lens.tokens, "compute/lens/tokens"),
          signal,
        },
      );
      results.lens = answer.result;
      keep(answer);
    }
    if (this.#captures.length > 0) results.capture = await this.#collectCaptures(forward, edits, tensors, signal);
    if (ledgerQuery !== undefined && this.#ledger !== undefined) {
      const { at, ...question } = this.#ledger;
      const [post, mlpOut] = at.map((i) => rowOf(ensureDefined(forward.reads[i]), question.row).data);
      results.ledger = await ledger(
        engine,
        tokenizer,
        ensureDefined(post),
        ensureDefined(mlpOut),
        { ...question, top: ledgerQuery.top ?? 10, tokens: ledgerQuery.tokens ?? 5 },
        signal,
      );
    }
    if (attribution !== undefined && this.#attribution !== undefined) {
      const { at, position, row } = this.#attribution;
      const { token, minus } = attribution.target;
      results.attribution = await directLogitAttribution(
        engine,
        at.map((i) => rowOf(ensureDefined(forward.reads[i]), row)),
        rowOf(atPositions(forward.residual, [position]), row),
        {
          token: resolveAnswer(this.#parts, token, "compute/attribution/target/token"),
          minus:
            minus === undefined ? undefined : resolveAnswer(this.#parts, minus, "compute/attribution/target/minus"),
          position,
          row,
          neurons: attribution.neurons ?? 0,
        },
        editsOfRow(edits, row),
        signal,
      );
    }
    if (this.#features.length > 0) results.features = await this.#describeFeatures(forward, items, tensors, signal);
    return { results, tensors, ids };
  }

  async #describeFeatures(
    forward: ForwardResult,
    items: readonly InterventionItem[],
    tensors: Map<string, Tensor>,
    signal: AbortSignal,
  ) {
    const featureEdits = items.filter((item) => item.kind === "feature");
    const results: FeatureResult[] = [];
    for (const [i, { dictionary, positions, at }] of this.#features.entries()) {
      const query = ensureDefined(this.#compute.features?.[i]);
      const values = at.map((read) => ensureDefined(forward.reads[read]));
      const context = { positions, length: this.#input.length, edits: featureEdits };
      try {
        const answer = await computeFeatures(this.#parts.engine, dictionary, query, values, context, signal);
        for (const [name, value] of answer.tensors) tensors.set(`results/features/${i}/${name}`, value);
        results.push(answer.result);
      } catch (error) {
        throw error instanceof PatchbayError ? error.at(`compute/features/${i}`) : error;
      }
    }
    return results;
  }

  async #collectCaptures(
    forward: ForwardResult,
    edits: readonly SiteEdit[],
    tensors: Map<string, Tensor>,
    signal: AbortSignal,
  ) {
    const results: CaptureResult[] = [];
    for (const [i, { read, at, positions }] of this.#captures.entries()) {
      const value =
        at === undefined
          ? await this.#readUnembedding(read, forward, edits, positions, signal)
          : ensureDefined(forward.reads[at]);
      tensors.set(`results/capture/${i}/values`, value);
      results.push({
        site: nameOf(read.site),
        positions,
        ...(read.units === undefined ? {} : { units: [...read.units] }),
        values: tensorToJson(value),
      });
    }
    return results;
  }

  async #readUnembedding(
    read: SiteRead,
    forward: ForwardResult,
    edits: readonly SiteEdit[],
    positions: readonly number[],
    signal: AbortSignal,
  ) {
    const { reads } = await this.#parts.engine.unembed({
      residual: atPositions(forward.residual, positions),
      positions,
      edits,
      reads: [{ site: read.site, ...(read.units === undefined ? {} : { units: read.units }) }],
      signal,
    });
    return ensureDefined(reads[0]);
  }

  #planCapture(query: NonNullable<Compute["capture"]>[number], at: string) {
    const { shape } = this.#parts.engine.model;
    const positions = resolvePositions(query.positions ?? "all", this.#input.length, `${at}/positions`);
    const read: SiteRead = {
      site: parseSite(query.site),
      ...(query.positions === undefined || query.positions === "all" ? {} : { positions }),
      ...(query.units === undefined ? {} : { units: query.units }),
    };
    const batch = this.#input.tokens.length;
    try {
      checkRead(shape, read, { batch, length: this.#input.length, longest: this.#input.length });
    } catch (error) {
      throw error instanceof PatchbayError ? error.at(at) : error;
    }
    const width = describeSite(read.site.kind).axes.includes("key") ? this.#input.length * shape.heads : shape.neurons;
    if (batch * positions.length * (read.units?.length ?? width) > CAPTURE_LIMIT) {
      throw new PatchbayError("result-too-large", "The capture is too many numbers for one answer.", {
        expected: `at most ${CAPTURE_LIMIT.toLocaleString("en")} numbers`,
        advice: "Select positions or units.",
        at,
      });
    }
    const early = describeSite(read.site.kind).stage !== "unembed";
    return { read, at: early ? this.#add([read])[0] : undefined, positions };
  }

  /** Files reads for the pass; equal ones share a place. */
  #add(reads: readonly SiteRead[]): number[] {
    return reads.map((read) => {
      const key = JSON.stringify([nameOf(read.site), read.positions, read.units]);
      let index = this.#keys.get(key);
      if (index === undefined) {
        index = this.reads.push(read) - 1;
        this.#keys.set(key, index);
      }
      return index;
    });
  }

  #tokens(references: readonly (string | number)[] | undefined, at: string) {
    return (references ?? []).map((reference, i) => resolveAnswer(this.#parts, reference, `${at}/${i}`));
  }

  #checkRow(row: number, at: string): void {
    if (row >= this.#input.tokens.length) throw outOfRange("row", row, this.#input.tokens.length, at);
  }
}

function atPositions(residual: Tensor, positions: readonly number[]): Tensor {
  const all = residual.shape[1] === positions.length && positions.every((position, i) => position === i);
  return all ? residual : selectAlong(residual, "position", positions);
}

function rowOf(value: Tensor, row: number): Tensor {
  return selectAlong(value, "batch", [row]);
}

/** The edits that act on one row, as edits of a batch of one. */
function editsOfRow(edits: readonly SiteEdit[], row: number): SiteEdit[] {
  return edits.flatMap((edit) => (edit.rows === "all" || edit.rows.includes(row) ? [{ ...edit, rows: [0] }] : []));
}

function actsTooLate(site: Site, until: number): PatchbayError {
  return new PatchbayError(
    "intervention-matches-nothing",
    `The intervention at "${nameOf(site)}" comes after everything that was asked for.`,
    {
      expected: `a site below block ${until}`,
      received: nameOf(site),
      advice: "Ask for something downstream of it, such as logits.",
      at: "interventions",
    },
  );
}

function outOfRange(what: "layer" | "row", received: number, length: number, at: string): PatchbayError {
  return new PatchbayError(`${what}-out-of-range`, `There is no ${what} ${received}.`, {
    expected: `0 to ${length - 1}`,
    received: String(received),
    at,
  });
}
