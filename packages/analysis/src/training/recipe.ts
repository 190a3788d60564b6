/** One dictionary to be trained, with every default filled in and every width known. */
import type { TrainingSparsity, TrainingTarget } from "@patchbay/contract";
import { PatchbayError, parseSite, type Site } from "@patchbay/vocabulary";

export interface Recipe {
  readonly name: string;
  readonly kind: "sae" | "transcoder";
  readonly skip: boolean;
  readonly inputSite: Site;
  readonly outputSite: Site;
  readonly inputWidth: number;
  readonly outputWidth: number;
  readonly features: number;
  readonly sparsity: TrainingSparsity;
  readonly seed: number;
  /** Tokens a step. */
  readonly batch: number;
  readonly unitDecoder: boolean;
  /** Tokens without firing until a feature is revived; 0 never. */
  readonly reviveAfter: number;
}

/** Where BatchTopK looks: at most this multiple of k can fire at one position. */
const BATCH_TOPK_HEADROOM = 2;

/** How many places a row of a kept-features step holds. */
export function keptPlaces({ sparsity, features }: Recipe): number | undefined {
  if (sparsity.kind === "topk") return sparsity.k;
  if (sparsity.kind === "batch-topk") return Math.min(features, sparsity.k * BATCH_TOPK_HEADROOM);
  return undefined;
}

export interface RecipeSettings {
  readonly batch: number;
  readonly unitDecoder: boolean | undefined;
  readonly reviveAfter: number;
  widthOf(site: Site): number;
}

export function recipeOf(target: TrainingTarget, settings: RecipeSettings): Recipe {
  const inputSite = parseSite(target.inputSite);
  const isSae = target.kind === "sae";
  if (isSae === (target.outputSite !== undefined)) {
    throw new PatchbayError("invalid-request", `"${target.name}" has the wrong sites for its kind.`, {
      expected: isSae
        ? "no outputSite: an SAE reconstructs what it reads"
        : "an outputSite: what the transcoder predicts",
      at: "outputSite",
    });
  }
  const outputSite = target.outputSite === undefined ? inputSite : parseSite(target.outputSite);
  const { sparsity, features } = target;
  if ("k" in sparsity && sparsity.k >= features) {
    throw new PatchbayError("invalid-request", `"${target.name}" keeps as many features as it has.`, {
      expected: `k below ${features}`,
      received: String(sparsity.k),
      at: "sparsity/k",
    });
  }
  return {
    name: target.name,
    kind: isSae ? "sae" : "transcoder",
    skip: target.kind === "skip-transcoder",
    inputSite,
    outputSite,
    inputWidth: settings.widthOf(inputSite),
    outputWidth: settings.widthOf(outputSite),
    features,
    sparsity,
    seed: target.seed ?? 0,
    batch: settings.batch,
    unitDecoder: settings.unitDecoder ?? isSae,
    reviveAfter: settings.reviveAfter,
  };
}
