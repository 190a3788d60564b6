/** The parts of a decomposition as rows: tokens, learned positions, biases. With what is unexplained they sum to the target. */
import type { Decomposition } from "@patchbay/contract";
import { visibleToken } from "../../../shell/ui/token-text.ts";

/** Of the target and its shares: logits, or whatever an inner number is measured in. */
export function unitOfTarget({ target }: Decomposition): string {
  return target.text.startsWith("logit") ? "logits" : "its own unit";
}

export interface ShareRow {
  readonly key: string;
  readonly label: string;
  readonly share: number;
  /** Of a token; undefined for learned positions and biases. */
  readonly position: number | undefined;
}

export function shareRows({ tokens, tokenShares, positionShares, biasShares }: Decomposition): ShareRow[] {
  return [
    ...tokenShares.map((share, position) => ({
      key: `token ${position}`,
      label: visibleToken(tokens[position]?.text ?? "", tokens[position]?.special),
      share,
      position,
    })),
    ...(positionShares ?? []).map((share, position) => ({
      key: `position ${position}`,
      label: `position ${position}`,
      share,
      position: undefined,
    })),
    ...biasShares.map(({ label, share }) => ({ key: `bias ${label}`, label, share, position: undefined })),
  ];
}
