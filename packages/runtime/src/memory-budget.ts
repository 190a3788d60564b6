/**
 * Open sessions and caches under one budget. Sessions are opened on first use and closed least recently used first;
 * caches are reservations that must fit. Sizes are estimates from the weights (a session holds its own copy).
 */
import { encodeModel, type Graph, initializerBytes } from "@patchbay/onnx-graph";
import { PatchbayError } from "@patchbay/vocabulary";
import { createSession, type RuntimeSession, type SessionOptions } from "./onnx-runtime.ts";

interface Entry {
  readonly owner: string;
  readonly bytes: number;
  readonly session: Promise<RuntimeSession>;
  users: number;
  lastUse: number;
}

export interface Lease {
  readonly session: RuntimeSession;
  /** Must be called once the run is over. */
  done(): void;
}

export class MemoryBudget {
  readonly #limit: number;
  readonly #options: SessionOptions;
  readonly #entries = new Map<string, Entry>();
  #reserved = 0;
  #clock = 0;

  constructor(limitInBytes: number, options: SessionOptions) {
    this.#limit = limitInBytes;
    this.#options = options;
  }

  get limitInBytes(): number {
    return this.#limit;
  }

  usedBytes(owner?: string): number {
    let sum = owner === undefined ? this.#reserved : 0;
    for (const entry of this.#entries.values()) if (owner === undefined || entry.owner === owner) sum += entry.bytes;
    return sum;
  }

  /** Opens the session, or finds it open. `owner` is the model, `key` names the graph within it. */
  async lease(owner: string, key: string, build: () => Graph, options: Partial<SessionOptions> = {}): Promise<Lease> {
    const name = `${owner}/${key}`;
    let entry = this.#entries.get(name);
    if (entry === undefined) {
      const graph = build();
      const bytes = initializerBytes(graph);
      this.#makeRoom(bytes, key);
      entry = this.#entries.get(name) ?? {
        owner,
        bytes,
        session: createSession(encodeModel(graph), { ...this.#options, ...options }),
        users: 0,
        lastUse: 0,
      };
      this.#entries.set(name, entry);
    }
    const held = entry;
    held.users += 1;
    held.lastUse = ++this.#clock;
    const done = () => {
      held.users -= 1;
    };
    try {
      return { session: await held.session, done };
    } catch (cause) {
      done();
      this.#entries.delete(name);
      throw cause;
    }
  }

  /** Reserves room for a cache. @throws PatchbayError `memory-exhausted`. */
  reserve(bytes: number): () => void {
    this.#makeRoom(bytes, "a key/value cache");
    this.#reserved += bytes;
    let released = false;
    return () => {
      if (!released) this.#reserved -= bytes;
      released = true;
    };
  }

  /** Closes every idle session of a model. Returns the bytes released. */
  async release(owner: string): Promise<number> {
    let released = 0;
    for (const [name, entry] of this.#entries) {
      if (entry.owner === owner && entry.users === 0) {
        this.#entries.delete(name);
        released += await this.#close(entry);
      }
    }
    return released;
  }

  #makeRoom(bytes: number, what: string): void {
    while (this.usedBytes() + bytes > this.#limit) {
      const oldest = [...this.#entries]
        .filter(([, entry]) => entry.users === 0)
        .reduce<[string, Entry] | undefined>(
          (a, b) => (a === undefined || b[1].lastUse < a[1].lastUse ? b : a),
          undefined,
        );
      if (oldest === undefined) {
        throw new PatchbayError("memory-exhausted", `There is no room for ${what}.`, {
          expected: `at most ${megabytes(this.#limit)} in use`,
          received: `${megabytes(this.usedBytes())} in use and ${megabytes(bytes)} more`,
          advice: "Wait for running requests, unload a model, or raise PATCHBAY_MEMORY (in megabytes).",
        });
      }
      this.#entries.delete(oldest[0]);
      void this.#close(oldest[1]);
    }
  }

  /** The entry has left the table, so nobody can lease it any more. */
  async #close(entry: Entry): Promise<number> {
    const session = await entry.session;
    await session.release();
    return entry.bytes;
  }
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MB`;
}
