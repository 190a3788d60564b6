/** One walk down the frozen model gives the shares of every token, bias and component: the model is linear. */
import type { DecompositionComponent } from "@patchbay/contract";
import type { Engine } from "@patchbay/transformer";
import { ensureDefined, type Tensor } from "@patchbay/vocabulary";
import { componentsOf, type DirectReading, directReadings } from "./components.ts";
import { dot, type FrozenRun, vectorAt } from "./frozen-run.ts";
import { type BlockGradient, pullBack } from "./propagate.ts";
import type { ResolvedTarget } from "./target.ts";

export interface Shares {
  /** One a position. */
  readonly tokenShares: number[];
  readonly positionShares: number[] | undefined;
  readonly biasShares: { readonly label: string; readonly share: number }[];
  /** The target's total − Σ shares. */
  readonly unexplained: number;
  readonly components: DecompositionComponent[];
  /** [position, residual] at the stream before each block below the target, and last at the target's place. */
  readonly gradients: readonly Float32Array[];
  readonly blocks: ReadonlyMap<number, BlockGradient>;
  readonly readings: readonly DirectReading[];
}

export async function sharesOf(
  engine: Engine,
  run: FrozenRun,
  target: ResolvedTarget,
  signal: AbortSignal,
): Promise<Shares> {
  const width = engine.model.shape.residualWidth;
  const blocks = new Map<number, BlockGradient>();
  const start = startingGradient(run, target, width);
  const bottom = await pullBack(
    engine,
    run,
    { place: target.place, gradient: start },
    (layer, gradient) => blocks.set(layer, gradient),
    signal,
  );
  const along = (vectors: Tensor) =>
    Array.from({ length: run.length }, (_, position) =>
      dot(vectorAt(vectors, position), bottom.subarray(position * width, (position + 1) * width)),
    );
  const tokenShares = along(run.embedding);
  const positionShares = run.positions === undefined ? undefined : along(run.positions);
  const layers = [...blocks.keys()].sort((a, b) => a - b);
  const biasShares = [
    ...layers.flatMap((layer) => {
      const { attentionBias, mlpBias } = ensureDefined(blocks.get(layer));
      return [
        { label: `${layer}_attn_bias`, share: attentionBias },
        { label: `${layer}_mlp_bias`, share: mlpBias },
      ].filter(({ share }) => share !== 0);
    }),
    ...target.constants,
  ];
  const all = [...tokenShares, ...(positionShares ?? []), ...biasShares.map(({ share }) => share)];
  const readings = await directReadings(engine, target, signal);
  return {
    tokenShares,
    positionShares,
    biasShares,
    unexplained: target.total - all.reduce((sum, share) => sum + share, 0),
    components: componentsOf(engine, run, target, readings, blocks),
    gradients: [...layers.map((layer) => ensureDefined(blocks.get(layer)).before), start],
    blocks,
    readings,
  };
}

/** The target's own direction at its position, zeros elsewhere: [position, residual]. */
export function startingGradient(run: FrozenRun, target: ResolvedTarget, width: number): Float32Array {
  const gradient = new Float32Array(run.length * width);
  gradient.set(target.direction, target.position * width);
  return gradient;
}
