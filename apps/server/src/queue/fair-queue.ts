/**
 * Decides whose engine call is next: at most `slots` at once, clients in turn, each client's own calls in order. A client
 * that sends a hundred requests delays another one's single request by one call, not by a hundred.
 */
export interface FairQueue {
  /** Runs `work` when it is this call's turn. A call whose signal aborts while it waits leaves the queue. */
  run<T>(client: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
  state(): { running: number; waiting: number };
}

interface Waiting {
  start(): void;
}

export function createFairQueue({ slots = 1 }: { slots?: number } = {}): FairQueue {
  /** In order of turns; a client whose turn it was goes to the end. */
  const clients = new Map<string, Waiting[]>();
  let running = 0;

  function startNext(): void {
    while (running < slots) {
      const [turn] = clients;
      if (turn === undefined) return;
      const [client, calls] = turn;
      clients.delete(client);
      const next = calls.shift();
      if (calls.length > 0) clients.set(client, calls);
      if (next === undefined) continue;
      running++;
      next.start();
    }
  }

  function waitForTurn(client: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        const calls = clients.get(client)?.filter((other) => other !== waiting) ?? [];
        if (calls.length > 0) clients.set(client, calls);
        else clients.delete(client);
        reject(signal.reason);
      };
      const waiting: Waiting = {
        start() {
          signal.removeEventListener("abort", leave);
          resolve();
        },
      };
      signal.addEventListener("abort", leave, { once: true });
      clients.set(client, [...(clients.get(client) ?? []), waiting]);
      startNext();
    });
  }

  return {
    async run(client, signal, work) {
      signal.throwIfAborted();
      await waitForTurn(client, signal);
      try {
        signal.throwIfAborted();
        return await work();
      } finally {
        running--;
        startNext();
      }
    },
    state: () => ({
      running,
      waiting: [...clients.values()].reduce((total, calls) => total + calls.length, 0),
    }),
  };
}
