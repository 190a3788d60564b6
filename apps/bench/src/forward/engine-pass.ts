/** Whole passes of the engine, as its callers make them. */
import type { Engine, SiteEdit, SiteRead } from "@patchbay/transformer";
import { type Tensor, tensor } from "@patchbay/vocabulary";

export interface PassOptions {
  readonly edits?: readonly SiteEdit[];
  readonly reads?: readonly SiteRead[];
  /** Which positions' logits are computed. */
  readonly logits: "all" | "last";
}

export async function enginePass(
  engine: Engine,
  tokens: readonly number[],
  { edits, reads, logits }: PassOptions,
): Promise<void> {
  const { residual } = await engine.forward({
    tokens: [tokens],
    ...(edits === undefined ? {} : { edits }),
    ...(reads === undefined ? {} : { reads }),
  });
  const last = tokens.length - 1;
  await engine.unembed(
    logits === "all"
      ? { residual, positions: tokens.map((_, i) => i) }
      : { residual: lastPosition(residual), positions: [last] },
  );
}

export function lastPosition({ axes, shape, data }: Tensor): Tensor {
  const [batch = 0, , width = 0] = shape;
  return tensor(axes, [batch, 1, width], data.subarray(data.length - batch * width));
}

/** A sequence of the wanted length: the prompt's tokens, again and again. */
export function tokensOfLength(prompt: readonly number[], length: number): number[] {
  return Array.from({ length }, (_, i) => prompt[i % prompt.length] ?? 0);
}

export function everyLayer(engine: Engine, kind: SiteRead["site"]["kind"]): SiteRead[] {
  return Array.from({ length: engine.model.shape.layers }, (_, layer) => ({ site: { kind, layer } }));
}
