/** What the model answers at the end of a changed run. */
import type { Engine } from "@patchbay/transformer";
import { ensureDefined, sizeOfShape } from "@patchbay/vocabulary";
import { type ChangedRun, type Downstream, finalAt } from "./changed-run.ts";
import type { GraphQuestion } from "./graph-question.ts";
import { meanOf } from "./graph-targets.ts";

export interface ChangedAnswer {
  /** One a target: demeaned logit, or logit difference. */
  readonly values: readonly number[];
  /** One a target: of its token. */
  readonly probabilities: readonly number[];
  readonly leading: { readonly id: number; readonly probability: number };
}

/** One a variant. */
export async function readChangedAnswers(
  engine: Engine,
  { run, position, targets, answer }: GraphQuestion,
  changed: ChangedRun,
  downstream: Downstream,
  signal: AbortSignal,
): Promise<ChangedAnswer[]> {
  const { norm, residualWidth, outputVocabulary } = engine.model.shape;
  const residual = finalAt(changed, run, position, residualWidth);
  const holdsScale = downstream !== "recompute" && norm.kind !== "none";
  const found = await engine.unembed({
    residual,
    positions: [position],
    edits: holdsScale
      ? [
          {
            site: { kind: "ln_final.hook_scale" },
            rows: "all",
            positions: [position],
            units: "all",
            dimensions: "all",
            scale: 0,
            offset: answer.scale,
          },
        ]
      : [],
    full: true,
    signal,
  });
  const logits = ensureDefined(found.logits, "logits");
  const variants = sizeOfShape(logits.shape) / outputVocabulary;
  return Array.from({ length: variants }, (_, variant) => {
    const row = logits.data.subarray(variant * outputVocabulary, (variant + 1) * outputVocabulary);
    const mean = meanOf(row);
    const logSumExp = ensureDefined(found.logSumExp.data[variant]);
    const logit = (token: number) => ensureDefined(row[token]);
    const probability = (token: number) => Math.exp(logit(token) - logSumExp);
    const leading = ensureDefined(found.topTokens.data[variant]);
    return {
      values: targets.map(({ tokenId, minusId }) => logit(tokenId) - (minusId === null ? mean : logit(minusId))),
      probabilities: targets.map(({ tokenId }) => probability(tokenId)),
      leading: { id: leading, probability: probability(leading) },
    };
  });
}
