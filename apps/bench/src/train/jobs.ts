/** What is trained: a recipe on real activations of the bundled model, as batches made outside the timing. */
import { corpusFromTexts, harvestChunk, measureScale, type Recipe, recipeOf, Trainee } from "@patchbay/analysis";
import { bundledReferenceText } from "@patchbay/model-library";
import type { Engine, Tokenizer } from "@patchbay/transformer";
import { ensureDefined, type Tensor } from "@patchbay/vocabulary";

const BATCH = 2048;
const BATCHES = 5;
export const LEARNING_RATE = 3e-3;

type Target = Parameters<typeof recipeOf>[0];

export interface Job {
  readonly about: string;
  readonly recipe: Recipe;
  readonly batches: readonly { readonly x: Tensor; readonly y: Tensor }[];
  /** At its initial weights. */
  newTrainee(): Trainee;
}

const TARGETS: readonly { readonly about: string; readonly target: Target }[] = [
  {
    about: "skip transcoder, TopK 64, 288 → 4,608 → 288",
    target: {
      name: "transcoder",
      kind: "skip-transcoder",
      inputSite: "blocks.3.ln2.hook_normalized",
      outputSite: "blocks.3.hook_mlp_out",
      features: 4608,
      sparsity: { kind: "topk", k: 64 },
      seed: 0,
    },
  },
  {
    about: "SAE, ReLU + L1, 288 → 1,536 → 288, decoder rows of length 1",
    target: {
      name: "sae",
      kind: "sae",
      inputSite: "blocks.3.hook_resid_post",
      features: 1536,
      sparsity: { kind: "relu", coefficient: 0.0085 },
      seed: 0,
    },
  },
];

export async function openJobs(engine: Engine, tokenizer: Tokenizer): Promise<Job[]> {
  const texts = (await bundledReferenceText()).split("\n").filter((line) => line.trim() !== "");
  const { shape } = engine.model;
  const corpus = corpusFromTexts("reference", texts, { tokenizer, prependBos: true, context: shape.context });
  const jobs: Job[] = [];
  for (const { about, target } of TARGETS) {
    const recipe = recipeOf(target, {
      batch: BATCH,
      unitDecoder: undefined,
      reviveAfter: 0,
      widthOf: () => shape.residualWidth,
    });
    const sites = recipe.kind === "sae" ? [recipe.inputSite] : [recipe.inputSite, recipe.outputSite];
    const chunk = await harvestChunk(engine, corpus, sites, { from: 0, to: corpus.documents.length, seed: 1 });
    const last = sites.length - 1;
    const scale = measureScale(chunk.site(0), chunk.site(last));
    const batches = Array.from({ length: BATCHES }, (_, i) => {
      const x = chunk.batch(0, i, scale.input, new Float32Array(BATCH * recipe.inputWidth));
      const y = last === 0 ? x : chunk.batch(last, i, scale.output, new Float32Array(BATCH * recipe.outputWidth));
      return { x, y };
    });
    jobs.push({ about, recipe, batches, newTrainee: () => new Trainee(engine, recipe, scale) });
  }
  return jobs;
}

/** One step after the other over the job's batches; the losses. */
export function steps({ batches }: Job, trainee: Trainee): (count: number) => Promise<number[]> {
  return async (count) => {
    const losses: number[] = [];
    for (let i = 0; i < count; i++) {
      const { x, y } = ensureDefined(batches[trainee.steps % batches.length]);
      losses.push((await trainee.step(x, y, LEARNING_RATE)).loss);
    }
    return losses;
  };
}
