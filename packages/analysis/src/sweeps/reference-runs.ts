/** Where an ablation's values come from: nothing, the mean over reference texts, or one of these texts at a time. */
import type { SweepMethod } from "@patchbay/contract";
import type { Dictionary } from "@patchbay/dictionary";
import { ensureDefined, PatchbayError, type Site } from "@patchbay/vocabulary";
import { inputOf, type ModelParts } from "../run/model-parts.ts";
import type { ResolvedInput } from "../run/resolve-input.ts";
import { seededRandom } from "../training/random.ts";
import { type BaseRun, baseRuns } from "./base-run.ts";
import { fromRun, MeanSource, type Source, ZERO } from "./sources.ts";

export type Ablation = Extract<SweepMethod, { kind: "ablation" }>;
const DEFAULT_SAMPLES = 10;

/** Texts are run when they are needed; a mean is made once for all examples that touch the same sites. */
export class ReferenceRuns {
  readonly texts: readonly string[];
  readonly #parts: ModelParts;
  readonly #dictionaries: readonly Dictionary[];
  readonly #signal: AbortSignal;
  readonly #runs = new Map<number, Promise<BaseRun>>();
  #mean: Promise<MeanSource> | undefined;

  constructor(parts: ModelParts, texts: readonly string[], dictionaries: Iterable<Dictionary>, signal: AbortSignal) {
    this.#parts = parts;
    this.texts = texts;
    this.#dictionaries = [...dictionaries];
    this.#signal = signal;
  }

  /** One source a sample. */
  async sources(base: BaseRun, sites: readonly Site[], { how, samples, seed = 0 }: Ablation): Promise<Source[]> {
    if (how === "zero") return [ZERO];
    this.#mean ??= how === "mean" ? this.#meanOf(sites) : undefined;
    if (this.#mean !== undefined) return [await this.#mean];
    const random = seededRandom(seed);
    const inputs = this.texts.map((_, i) => this.#input(i));
    const candidates = inputs.flatMap((input, i) => (fits(input, base, sites) ? [i] : []));
    if (candidates.length === 0) {
      throw new PatchbayError("values-do-not-fit", "No reference text can take the place of the prompt.", {
        expected: sites.some(({ kind }) => kind === "attn.hook_pattern")
          ? `texts of ${base.length} tokens: attention patterns are swept`
          : "a text other than the prompt, of two tokens or more",
        at: "method/reference",
      });
    }
    const sources: Source[] = [];
    for (let sample = 0; sample < (samples ?? DEFAULT_SAMPLES); sample++) {
      const text = ensureDefined(candidates[random.integer(candidates.length)]);
      const length = ensureDefined(inputs[text]).length;
      const partners = Array.from({ length: base.length }, (_, position) =>
        position < length ? position : 1 + random.integer(length - 1),
      );
      sources.push(fromRun(await this.#run(text, sites), (position) => partners[position]));
    }
    return sources;
  }

  async #meanOf(sites: readonly Site[]): Promise<MeanSource> {
    const mean = new MeanSource();
    for (let text = 0; text < this.texts.length; text++) {
      const input = this.#input(text);
      const [run] = await baseRuns(this.#parts.engine, ensureDefined(input.tokens[0]), sites, [[]], this.#signal);
      const first = input.bosPrepended && input.length > 1 ? 1 : 0;
      await mean.add(ensureDefined(run), first, sites, this.#dictionaries, this.#signal);
    }
    return mean;
  }

  #run(text: number, sites: readonly Site[]): Promise<BaseRun> {
    const known = this.#runs.get(text);
    if (known !== undefined) return known;
    const tokens = ensureDefined(this.#input(text).tokens[0]);
    const running = baseRuns(this.#parts.engine, tokens, sites, [[]], this.#signal).then(([run]) => ensureDefined(run));
    this.#runs.set(text, running);
    return running;
  }

  #input(text: number): ResolvedInput {
    try {
      return inputOf(this.#parts, { text: ensureDefined(this.texts[text]) });
    } catch (error) {
      throw error instanceof PatchbayError ? error.at(`method/reference/texts/${text}`) : error;
    }
  }
}

function fits(input: ResolvedInput, base: BaseRun, sites: readonly Site[]): boolean {
  const tokens = ensureDefined(input.tokens[0]);
  if (tokens.length < 2) return false;
  if (sites.some(({ kind }) => kind === "attn.hook_pattern") && tokens.length !== base.length) return false;
  return tokens.length !== base.length || tokens.some((token, position) => token !== base.tokens[position]);
}
