/** Tells watchers in this process that a job changed, without saying how: a watcher reads the job itself. */
export interface JobChanges {
  announce(id: string): void;
  /** `wait` resolves at the first change since it last resolved, or after `milliseconds`, or when the signal aborts. */
  subscribe(id: string): { wait(milliseconds: number, signal: AbortSignal): Promise<void>; close(): void };
}

export function createJobChanges(): JobChanges {
  const listeners = new Map<string, Set<() => void>>();
  return {
    announce(id) {
      for (const listener of listeners.get(id) ?? []) listener();
    },
    subscribe(id) {
      let changed = false;
      let wake: () => void = () => undefined;
      const listener = () => {
        changed = true;
        wake();
      };
      const sameJob = listeners.get(id) ?? new Set();
      listeners.set(id, sameJob.add(listener));
      return {
        async wait(milliseconds, signal) {
          if (!changed && !signal.aborted) {
            await new Promise<void>((resolve) => {
              const timer = setTimeout(resolve, milliseconds);
              wake = () => {
                clearTimeout(timer);
                resolve();
              };
              signal.addEventListener("abort", wake, { once: true });
            });
            signal.removeEventListener("abort", wake);
          }
          changed = false;
        },
        close() {
          sameJob.delete(listener);
          if (sameJob.size === 0) listeners.delete(id);
        },
      };
    },
  };
}
