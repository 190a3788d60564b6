/** What a graph explains: most probable tokens, given tokens, or a difference of two logits, at one position. */
import type { GraphTarget } from "@patchbay/contract";
import type { Engine } from "@patchbay/transformer";
import { ensureDefined, tensor } from "@patchbay/vocabulary";
import { int64 } from "../programs/readout.ts";
import type { ModelParts } from "../run/model-parts.ts";
import { resolveToken } from "../run/resolve-token.ts";
import type { StreamTarget } from "./attribution-rows.ts";
import type { RecordedRun } from "./recorded-run.ts";
import { tokenDirectionProgram } from "./start-programs.ts";

const DEFAULT_PROBABILITY = 0.95;
const DEFAULT_COUNT = 10;

export interface ResolvedTarget extends StreamTarget {
  readonly label: string;
  readonly tokenId: number;
  readonly minusId: number | null;
  /** With this weight influence starts here: the token's probability; 1 for a difference. */
  readonly weight: number;
  /** Logit minus the mean over the vocabulary, or logit difference. */
  readonly value: number;
}

export interface Answer {
  /** [token] */
  readonly logits: Float32Array;
  readonly meanLogit: number;
  readonly logSumExp: number;
  /** The most probable token. */
  readonly leading: number;
  readonly scale: number;
}

/** The model's answer at one position of the final stream [residual]. */
export async function readAnswer(
  engine: Engine,
  residual: Float32Array,
  position: number,
  signal: AbortSignal,
): Promise<Answer> {
  const { logits, logSumExp, topTokens, reads } = await engine.unembed({
    residual: tensor(["batch", "position", "residual"], [1, 1, residual.length], residual),
    positions: [position],
    reads: engine.model.shape.norm.kind === "none" ? [] : [{ site: { kind: "ln_final.hook_scale" } }],
    full: true,
    signal,
  });
  const { data } = ensureDefined(logits, "logits");
  return {
    logits: data,
    meanLogit: meanOf(data),
    logSumExp: ensureDefined(logSumExp.data[0]),
    leading: ensureDefined(topTokens.data[0]),
    scale: reads[0]?.data[0] ?? 1,
  };
}

/** Summed in float64. */
export function meanOf(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

export function probabilityOf({ logits, logSumExp }: Answer, token: number): number {
  return Math.exp((logits[token] ?? Number.NEGATIVE_INFINITY) - logSumExp);
}

/** @throws PatchbayError `unknown-token`, `token-out-of-range` */
export async function resolveTargets(
  { engine, tokenizer }: Pick<ModelParts, "engine" | "tokenizer">,
  run: RecordedRun,
  position: number,
  target: GraphTarget | undefined,
  signal: AbortSignal,
): Promise<{ targets: ResolvedTarget[]; answer: Answer }> {
  const width = engine.model.shape.residualWidth;
  const answer = await readAnswer(engine, run.final.slice(position * width, (position + 1) * width), position, signal);
  const wanted = wantedTokens(tokenizer, answer, target ?? { kind: "logits" });
  const ids = wanted.flatMap(({ token, minus }) => (minus === undefined ? [token] : [token, minus]));
  const { directions, bias } = await engine.evaluate(
    tokenDirectionProgram(engine.model),
    { tokens: int64(ids), scale: tensor(["one"], [1], Float32Array.of(1 / answer.scale)) },
    ["directions", "bias"],
    signal,
  );
  let place = 0;
  const next = () => {
    const at = place++;
    return { direction: directions.data.slice(at * width, (at + 1) * width), bias: ensureDefined(bias.data[at]) };
  };
  const logit = (token: number) => ensureDefined(answer.logits[token]);
  const targets = wanted.map(({ token, minus }): ResolvedTarget => {
    const plus = next();
    if (minus === undefined) {
      return {
        position,
        ...plus,
        label: tokenizer.textOf(token),
        tokenId: token,
        minusId: null,
        weight: probabilityOf(answer, token),
        value: logit(token) - answer.meanLogit,
      };
    }
    const other = next();
    return {
      position,
      direction: plus.direction.map((value, i) => value - (other.direction[i] ?? 0)),
      bias: plus.bias - other.bias,
      label: `${tokenizer.textOf(token)} −${tokenizer.textOf(minus)}`,
      tokenId: token,
      minusId: minus,
      weight: 1,
      value: logit(token) - logit(minus),
    };
  });
  return { targets, answer };
}

function wantedTokens(
  tokenizer: ModelParts["tokenizer"],
  answer: Answer,
  target: GraphTarget,
): { token: number; minus?: number }[] {
  switch (target.kind) {
    case "logits":
      return leadingTokens(answer, target.probability ?? DEFAULT_PROBABILITY, target.count ?? DEFAULT_COUNT).map(
        (token) => ({ token }),
      );
    case "tokens": {
      const ids = target.tokens.map((token, i) => resolveToken(tokenizer, token, `target/tokens/${i}`).id);
      return [...new Set(ids)].map((token) => ({ token }));
    }
    case "difference":
      return [
        {
          token: resolveToken(tokenizer, target.token, "target/token").id,
          minus: resolveToken(tokenizer, target.minus, "target/minus").id,
        },
      ];
  }
}

/** The smallest set of most probable tokens that reaches the probability, at most `count`. */
function leadingTokens(answer: Answer, probability: number, count: number): number[] {
  const order = Int32Array.from(answer.logits, (_, token) => token);
  order.sort((a, b) => (answer.logits[b] ?? 0) - (answer.logits[a] ?? 0) || a - b);
  const tokens: number[] = [];
  let sum = 0;
  for (const token of order.subarray(0, count)) {
    tokens.push(token);
    sum += probabilityOf(answer, token);
    if (sum >= probability) break;
  }
  return tokens;
}
