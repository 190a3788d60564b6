/** Progress on standard error: one line that changes in a terminal, a line every tenth elsewhere. */

export interface ProgressLine {
  update(fraction: number, message: string): void;
  /** Ends the line; later output begins on a new one. */
  end(): void;
}

const WIDTH = 24;

export function createProgressLine(stream: NodeJS.WriteStream = process.stderr): ProgressLine {
  let lastTenth = -1;
  let open = false;
  return {
    update(fraction, message) {
      if (stream.isTTY) {
        open = true;
        stream.write(`\r\x1b[K  ${bar(fraction)} ${message}`.slice(0, (stream.columns ?? 80) + 3));
        return;
      }
      const tenth = Math.floor(fraction * 10);
      if (tenth === lastTenth) return;
      lastTenth = tenth;
      stream.write(`  ${message} (${Math.round(fraction * 100)} %)\n`);
    },
    end() {
      if (open) stream.write("\r\x1b[K");
      open = false;
    },
  };
}

function bar(fraction: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, fraction)) * WIDTH);
  return `${"█".repeat(filled)}${"░".repeat(WIDTH - filled)} ${String(Math.round(fraction * 100)).padStart(3)} %`;
}
