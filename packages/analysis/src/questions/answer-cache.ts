/** Answers by content: the same question about the same model and dictionaries is computed once. */
import { canonicalJson } from "@patchbay/vocabulary";
import { ENGINE_VERSION, sha256 } from "../run/recipe.ts";

/** Bytes of JSON held; the longest unused go first. */
const DEFAULT_LIMIT_IN_BYTES = 128 * 2 ** 20;

export interface AnswerKey {
  readonly question: string;
  readonly request: unknown;
  readonly modelHash: string;
  /** Hash by name, of every installed dictionary: a request may mean one without naming it. */
  readonly dictionaries: Readonly<Record<string, string>>;
}

/** Answers are kept as JSON, so that nobody can change what others are told. */
export class AnswerCache {
  readonly #limit: number;
  /** In order of last use. */
  readonly #answers = new Map<string, string>();
  #bytes = 0;

  constructor(limitInBytes = DEFAULT_LIMIT_IN_BYTES) {
    this.#limit = limitInBytes;
  }

  /** `compute` runs where no answer is held, or where a fresh one is asked for; a failure leaves nothing behind. */
  async answer<Answer>(key: AnswerKey, fresh: boolean, compute: () => Promise<Answer>): Promise<Answer> {
    const hash = sha256(canonicalJson({ ...key, engine: ENGINE_VERSION }));
    const held = fresh ? undefined : this.#take(hash);
    if (held !== undefined) return JSON.parse(held) as Answer;
    const answer = await compute();
    this.#put(hash, JSON.stringify(answer));
    return answer;
  }

  clear(): void {
    this.#answers.clear();
    this.#bytes = 0;
  }

  #take(hash: string): string | undefined {
    const held = this.#answers.get(hash);
    if (held === undefined) return undefined;
    this.#answers.delete(hash);
    this.#answers.set(hash, held);
    return held;
  }

  #put(hash: string, json: string): void {
    this.#forget(hash);
    if (json.length > this.#limit) return;
    this.#answers.set(hash, json);
    this.#bytes += json.length;
    for (const oldest of this.#answers.keys()) {
      if (this.#bytes <= this.#limit) return;
      this.#forget(oldest);
    }
  }

  #forget(hash: string): void {
    this.#bytes -= this.#answers.get(hash)?.length ?? 0;
    this.#answers.delete(hash);
  }
}
