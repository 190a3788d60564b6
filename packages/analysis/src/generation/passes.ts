/** How a generation walks from token to token: with a cache, or, where interventions depend on the tokens, without. */
import type { Engine, ForwardResult, KeyValueCache, SiteEdit, SiteRead } from "@patchbay/transformer";
import { selectAlong } from "@patchbay/vocabulary";
import type { InterventionItem } from "../features/feature-edit.ts";
import { realiseFeatureEdits } from "../features/realise-feature-edits.ts";

type Tokens = readonly (readonly number[])[];

export interface Passes {
  /** In force in the pass that was made last; those of the final norm apply to its unembedding. */
  readonly edits: readonly SiteEdit[];
  /** Over the prompt. */
  begin(): Promise<ForwardResult>;
  /** Over one more token a row; reads are of the new position. */
  advance(next: readonly number[], reads: readonly SiteRead[]): Promise<ForwardResult>;
  release(): void;
}

/** Each pass sees only the new tokens. */
export class CachedPasses implements Passes {
  readonly edits: readonly SiteEdit[];
  readonly #engine: Engine;
  readonly #prompt: Tokens;
  readonly #cache: KeyValueCache;
  readonly #signal: AbortSignal;

  constructor(engine: Engine, prompt: Tokens, edits: readonly SiteEdit[], room: number, signal: AbortSignal) {
    this.#engine = engine;
    this.#prompt = prompt;
    this.edits = edits;
    this.#signal = signal;
    this.#cache = engine.newCache(prompt.length, (prompt[0]?.length ?? 0) + room);
  }

  begin(): Promise<ForwardResult> {
    return this.#pass(this.#prompt, []);
  }

  advance(next: readonly number[], reads: readonly SiteRead[]): Promise<ForwardResult> {
    return this.#pass(
      next.map((id) => [id]),
      reads,
    );
  }

  release(): void {
    this.#cache.release();
  }

  #pass(tokens: Tokens, reads: readonly SiteRead[]): Promise<ForwardResult> {
    return this.#engine.forward({ tokens, edits: this.edits, reads, cache: this.#cache, signal: this.#signal });
  }
}

/**
 * Each pass sees the whole sequence: what an edit of features adds is known only once the blocks below have run, so every
 * token costs a walk for the features and a pass with the edits that follow from them.
 */
export class RepeatedPasses implements Passes {
  edits: readonly SiteEdit[] = [];
  readonly #engine: Engine;
  readonly #items: readonly InterventionItem[];
  readonly #signal: AbortSignal;
  #tokens: Tokens;

  constructor(engine: Engine, prompt: Tokens, items: readonly InterventionItem[], signal: AbortSignal) {
    this.#engine = engine;
    this.#tokens = prompt;
    this.#items = items;
    this.#signal = signal;
  }

  begin(): Promise<ForwardResult> {
    return this.#pass([]);
  }

  async advance(next: readonly number[], reads: readonly SiteRead[]): Promise<ForwardResult> {
    this.#tokens = this.#tokens.map((row, r) => [...row, next[r] ?? 0]);
    return this.#pass(reads);
  }

  release(): void {
    this.#tokens = [];
  }

  async #pass(reads: readonly SiteRead[]): Promise<ForwardResult> {
    const length = this.#tokens[0]?.length ?? 0;
    const all = await realiseFeatureEdits(this.#engine, this.#tokens, this.#items, this.#signal);
    // Edits of positions that are still to come wait for them.
    this.edits = all.filter(({ positions }) => reaches(positions, length));
    const pass = await this.#engine.forward({ tokens: this.#tokens, edits: this.edits, reads, signal: this.#signal });
    return { ...pass, reads: pass.reads.map((value) => selectAlong(value, "position", [length - 1])) };
  }
}

function reaches(positions: SiteEdit["positions"], length: number): boolean {
  if (positions === "all") return true;
  return "from" in positions ? positions.from < length : positions.some((position) => position < length);
}
