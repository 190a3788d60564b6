/** The model's own next-token distribution at chosen positions. */
import type { LogitsResult } from "@patchbay/contract";
import type { Engine, SiteEdit } from "@patchbay/transformer";
import { concatenateAlong, PatchbayError, selectAlong, type Tensor, tensor } from "@patchbay/vocabulary";
import type { NamedToken } from "../run/resolve-token.ts";
import { tensorToJson } from "../run/tensor-json.ts";
import { probabilities } from "./logit-lens.ts";

/** Bytes of logits that one pass through the unembedding may hold. */
const PIECE_IN_BYTES = 64 * 2 ** 20;
/** More than this many numbers are not sent as JSON. */
const FULL_LIMIT = 40_000_000;

export async function modelLogits(
  engine: Engine,
  residual: Tensor,
  positions: readonly number[],
  query: {
    top: number;
    full: boolean;
    tracked: readonly NamedToken[];
    edits: readonly SiteEdit[];
    signal: AbortSignal;
  },
): Promise<{ result: LogitsResult; tensors: Map<string, Tensor>; ids: Iterable<number> }> {
  const { vocabulary } = engine.model.shape;
  const [batch = 0] = residual.shape;
  if (query.full && batch * positions.length * vocabulary > FULL_LIMIT) {
    throw new PatchbayError("result-too-large", "The full logits are too many numbers for one answer.", {
      expected: `at most ${FULL_LIMIT.toLocaleString("en")} numbers`,
      received: `${(batch * positions.length * vocabulary).toLocaleString("en")}`,
      advice: "Ask for fewer positions, or for top tokens.",
      at: "compute/logits/full",
    });
  }
  const needLogits = query.full || query.tracked.length > 0;
  const step = Math.max(1, Math.floor(PIECE_IN_BYTES / (batch * vocabulary * 4)));
  const pieces: {
    top: Tensor;
    ids: Tensor;
    logSumExp: Tensor;
    tracked: Tensor;
    ranks: Tensor;
    full: Tensor | undefined;
  }[] = [];
  for (let start = 0; start < positions.length; start += step) {
    const part = positions.slice(start, start + step);
    const local = part.map((_, i) => start + i);
    const answer = await engine.unembed({
      residual: positions.length <= step ? residual : selectAlong(residual, "position", local),
      positions: part,
      edits: query.edits,
      top: query.top,
      full: needLogits,
      signal: query.signal,
    });
    const chosen = track(answer.logits, query.tracked, batch, part.length, vocabulary);
    pieces.push({
      top: answer.topLogits,
      ids: { ...answer.topTokens, data: Float32Array.from(answer.topTokens.data) },
      logSumExp: answer.logSumExp,
      ...chosen,
      full: query.full ? answer.logits : undefined,
    });
  }
  const join = (name: "top" | "ids" | "logSumExp" | "tracked" | "ranks") =>
    concatenateAlong(
      pieces.map((piece) => piece[name]),
      "position",
    );
  const topLogits = join("top");
  const logSumExp = join("logSumExp");
  const topIds = join("ids");
  const tensors = new Map<string, Tensor>([
    ["results/logits/topLogits", topLogits],
    ["results/logits/topIds", topIds],
  ]);
  const result: LogitsResult = {
    positions: [...positions],
    topIds: tensorToJson(topIds),
    topLogits: tensorToJson(topLogits),
    topProbabilities: tensorToJson(probabilities(topLogits, logSumExp)),
  };
  if (query.tracked.length > 0) {
    const logits = join("tracked");
    result.tracked = {
      tokens: query.tracked.map(({ id, text }) => ({ id, text })),
      logits: tensorToJson(logits),
      probabilities: tensorToJson(probabilities(logits, logSumExp)),
      ranks: tensorToJson(join("ranks")),
    };
  }
  if (query.full) {
    const full = concatenateAlong(
      pieces.flatMap(({ full: piece }) => (piece === undefined ? [] : [piece])),
      "position",
    );
    tensors.set("results/logits/full", full);
    result.full = tensorToJson(full);
  }
  return { result, tensors, ids: topIds.data };
}

function track(
  logits: Tensor | undefined,
  tracked: readonly NamedToken[],
  batch: number,
  positions: number,
  vocabulary: number,
): { tracked: Tensor; ranks: Tensor } {
  const axes = ["batch", "position", "tracked"];
  const shape = [batch, positions, tracked.length];
  const values = new Float32Array(batch * positions * tracked.length);
  const ranks = new Float32Array(values.length);
  if (logits !== undefined) {
    for (let cell = 0; cell < batch * positions; cell++) {
      const row = logits.data.subarray(cell * vocabulary, (cell + 1) * vocabulary);
      tracked.forEach(({ id }, t) => {
        const value = row[id] ?? 0;
        let rank = 0;
        for (const other of row) if (other > value) rank += 1;
        values[cell * tracked.length + t] = value;
        ranks[cell * tracked.length + t] = rank;
      });
    }
  }
  return { tracked: tensor(axes, shape, values), ranks: tensor(axes, shape, ranks) };
}
