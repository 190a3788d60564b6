/** Greedy generation with and without the key/value cache. */
import type { Engine, KeyValueCache } from "@patchbay/transformer";
import { ensureDefined } from "@patchbay/vocabulary";
import { summarise } from "../harness/measure.ts";
import { printHeading, printNote, printTable } from "../harness/report.ts";
import { lastPosition } from "./engine-pass.ts";

const NEW_TOKENS = 128;

interface Generated {
  readonly tokens: readonly number[];
  readonly firstTokenMilliseconds: number;
  readonly milliseconds: number;
}

export async function compareGeneration(
  name: string,
  engine: Engine,
  prompt: readonly number[],
  rounds: number,
): Promise<void> {
  printHeading(`${name}: ${NEW_TOKENS} new tokens after ${prompt.length}, greedy, one hooked pass a token`);
  const runs: Record<"cached" | "uncached", Generated[]> = { cached: [], uncached: [] };
  await generate(engine, prompt, true);
  for (let round = 0; round < rounds; round++) {
    runs.cached.push(await generate(engine, prompt, true));
    runs.uncached.push(await generate(engine, prompt, false));
  }
  const median = (kind: keyof typeof runs, value: (run: Generated) => number) =>
    summarise(runs[kind].map(value)).median;
  const rate = ({ milliseconds, firstTokenMilliseconds }: Generated) =>
    (1000 * (NEW_TOKENS - 1)) / (milliseconds - firstTokenMilliseconds);
  printTable(
    ["generation", "first token ms", "tokens per second"],
    (["cached", "uncached"] as const).map((kind) => [
      kind,
      median(kind, (run) => run.firstTokenMilliseconds).toFixed(2),
      median(kind, rate).toFixed(0),
    ]),
  );
  const gain = summarise(runs.cached.map((run, i) => rate(run) / rate(ensureDefined(runs.uncached[i]))));
  printNote(
    `cached / uncached rate: ${gain.median.toFixed(2)} (${gain.lowerQuartile.toFixed(2)} to ${gain.upperQuartile.toFixed(2)})`,
  );
  const [cached, uncached] = [runs.cached[0]?.tokens.join(), runs.uncached[0]?.tokens.join()];
  printNote(cached === uncached ? "Both generate the same tokens." : "THE TWO GENERATE DIFFERENT TOKENS.");
}

async function generate(engine: Engine, prompt: readonly number[], cached: boolean): Promise<Generated> {
  const started = performance.now();
  const tokens = [...prompt];
  const cache = cached ? engine.newCache(1) : undefined;
  let firstTokenMilliseconds = 0;
  try {
    for (let step = 0; step < NEW_TOKENS; step++) {
      tokens.push(await nextToken(engine, tokens, cache));
      if (step === 0) firstTokenMilliseconds = performance.now() - started;
    }
  } finally {
    cache?.release();
  }
  return { tokens, firstTokenMilliseconds, milliseconds: performance.now() - started };
}

async function nextToken(engine: Engine, tokens: readonly number[], cache: KeyValueCache | undefined): Promise<number> {
  const input = tokens.slice(cache?.length ?? 0);
  const { residual } = await engine.forward({ tokens: [input], ...(cache === undefined ? {} : { cache }) });
  const { topTokens } = await engine.unembed({ residual: lastPosition(residual), positions: [tokens.length - 1] });
  return ensureDefined(topTokens.data[0], "top token");
}
