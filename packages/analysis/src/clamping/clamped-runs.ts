/**
 * One prompt under many clamps as one batch: the blocks below the clamp run once, the rest once for all rows. The last row
 * is the unclamped run.
 */
import type { Engine, SiteEdit } from "@patchbay/transformer";
import { selectAlong, type Tensor, tensor } from "@patchbay/vocabulary";
import { type Readout, readOut } from "../programs/readout.ts";

export async function clampedRuns(
  engine: Engine,
  tokens: readonly number[],
  layer: number,
  edits: readonly SiteEdit[],
  rows: number,
  question: { position: number; tracked: readonly number[]; top: number; signal: AbortSignal },
): Promise<Readout> {
  const { signal } = question;
  const below = await engine.forward({ tokens: [tokens], until: layer, signal });
  const residual = repeatRows(below.residual, rows + 1);
  const above = await engine.forward({ tokens: [], from: { layer, residual }, edits, signal });
  const last = selectAlong(above.residual, "position", [question.position]);
  const states = tensor(["state", "position", "residual"], [rows + 1, 1, last.shape[2] ?? 0], last.data);
  return readOut(engine, states, { norm: "final", top: question.top, tracked: question.tracked, signal });
}

function repeatRows({ axes, shape, data }: Tensor, rows: number): Tensor {
  const repeated = new Float32Array(data.length * rows);
  for (let row = 0; row < rows; row++) repeated.set(data, row * data.length);
  return { axes, shape: [rows, ...shape.slice(1)], data: repeated };
}
