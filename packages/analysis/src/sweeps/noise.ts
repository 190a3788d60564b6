/** Gaussian noise on the embeddings of chosen tokens (causal tracing; Meng et al. 2022). */
import type { SweepCorruption } from "@patchbay/contract";
import { GraphBuilder } from "@patchbay/onnx-graph";
import { type Engine, float32Value, type SiteEdit } from "@patchbay/transformer";
import { PatchbayError } from "@patchbay/vocabulary";
import { resolvePosition } from "../run/positions.ts";
import type { ResolvedInput } from "../run/resolve-input.ts";
import { seededRandom } from "../training/random.ts";

type Noise = Extract<SweepCorruption, { kind: "noise" }>;
const DEFAULT_SCALE = 3;
export const DEFAULT_SAMPLES = 10;

/** The positions that are disturbed, rising. @throws PatchbayError where nothing, or nothing unambiguous, is named */
export function noisyPositions({ positions, text }: Noise, input: ResolvedInput, prompt: string | undefined): number[] {
  if ((positions === undefined) === (text === undefined)) {
    throw new PatchbayError("invalid-request", "The noise needs one place.", {
      expected: "exactly one of positions and text",
      at: "corrupted",
    });
  }
  if (positions !== undefined) {
    const resolved = positions.map((each, i) => resolvePosition(each, input.length, `corrupted/positions/${i}`));
    return [...new Set(resolved)].sort((a, b) => a - b);
  }
  const wanted = text ?? "";
  const start = prompt?.indexOf(wanted) ?? -1;
  const found = input.described[0]?.flatMap((token, position) =>
    start >= 0 && token.end > start && token.start < start + wanted.length ? [position] : [],
  );
  if (found !== undefined && found.length > 0) return found;
  throw new PatchbayError("intervention-matches-nothing", `The prompt does not hold ${JSON.stringify(wanted)}.`, {
    expected: prompt === undefined ? "positions, where the input is tokens" : "a stretch of the prompt",
    at: "corrupted/text",
  });
}

/** One list of edits a sample. The same seed gives the same noise. */
export async function noiseEdits(
  engine: Engine,
  { scale = DEFAULT_SCALE, samples = DEFAULT_SAMPLES, seed = 0 }: Noise,
  positions: readonly number[],
  signal: AbortSignal,
): Promise<SiteEdit[][]> {
  const deviation = scale * (await embeddingDeviation(engine, signal));
  const random = seededRandom(seed);
  const count = positions.length * engine.model.shape.residualWidth;
  return Array.from({ length: samples }, () => [
    {
      site: { kind: "hook_embed" },
      rows: "all",
      positions,
      units: "all",
      dimensions: "all",
      scale: 1,
      offset: Float32Array.from({ length: count }, () => deviation * random.normal()),
    },
  ]);
}

/** Standard deviation of all entries of the token embedding. */
async function embeddingDeviation(engine: Engine, signal: AbortSignal): Promise<number> {
  const { architecture, tensors } = engine.model;
  const program = {
    key: "sweep.embedding-deviation",
    runsRarely: true,
    build() {
      const g = new GraphBuilder("sweep.embedding-deviation");
      const table = float32Value(g, tensors, architecture.tokenEmbedding);
      // A mean a token; those are averaged in float64: a float32 sum over the whole table would lose its digits.
      g.output(g.mean(table, [1]), "float32", ["token"], "means");
      g.output(g.mean(g.multiply(table, table), [1]), "float32", ["token"], "squares");
      return g.build();
    },
  };
  const { means, squares } = await engine.evaluate(program, {}, ["means", "squares"], signal);
  const average = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(Math.max(0, average(squares.data) - average(means.data) ** 2));
}
