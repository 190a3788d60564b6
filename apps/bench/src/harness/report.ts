/** Tables for a terminal. */
import { ratioOf, ratioOfFastest, type Summary, summarise, type Timing } from "./measure.ts";

export function printHeading(text: string): void {
  process.stdout.write(`\n${text}\n`);
}

export function printNote(text: string): void {
  process.stdout.write(`  ${text}\n`);
}

/** The first column is words, the rest numbers. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)));
  const line = (cells: readonly string[]) =>
    `  ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  ")}\n`;
  process.stdout.write(line(head));
  process.stdout.write(line(widths.map((width) => "-".repeat(width))));
  for (const row of rows) process.stdout.write(line(row));
}

/** One row a variant, compared with the first. */
export function printComparison(timings: readonly Timing[], label = "variant"): void {
  const [reference] = timings;
  if (reference === undefined) return;
  printTable(
    [label, "milliseconds", "ratio", "quartiles", "fastest / fastest"],
    timings.map((timing) => {
      const ratio = ratioOf(timing, reference);
      return [
        timing.name,
        milliseconds(summarise(timing.samples).median),
        ratio.median.toFixed(3),
        quartiles(ratio),
        ratioOfFastest(timing, reference).toFixed(3),
      ];
    }),
  );
}

export function milliseconds(value: number): string {
  return value.toFixed(value < 100 ? 2 : 0);
}

export function quartiles({ lowerQuartile, upperQuartile }: Summary): string {
  return `${lowerQuartile.toFixed(3)} to ${upperQuartile.toFixed(3)}`;
}

export function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(1)} %`;
}
