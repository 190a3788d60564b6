/**
 * Work on the processor in turns: one graph at a time, first come first served. A forward pass takes a turn per block, so
 * passes that run at once advance block by block in alternation, and none starves.
 */
import { PatchbayError } from "@patchbay/vocabulary";

export class TurnQueue {
  #tail: Promise<void> = Promise.resolve();
  #waiting = 0;

  /** Turns asked for and not yet ended. */
  get length(): number {
    return this.#waiting;
  }

  /** @throws PatchbayError `cancelled` when the signal is raised before the turn comes. */
  async take<Result>(work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    throwIfCancelled(signal);
    const previous = this.#tail;
    let end: () => void = () => undefined;
    this.#tail = new Promise((resolve) => {
      end = resolve;
    });
    this.#waiting += 1;
    try {
      await previous;
      throwIfCancelled(signal);
      return await work();
    } finally {
      this.#waiting -= 1;
      end();
    }
  }
}

export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new PatchbayError("cancelled", "The work was cancelled.");
}
