/** Whether a dictionary can be used with a model: its layers, sites, widths, and the hash that its file states. */
import { axisLengthOf, type ModelShape, siteKindsOf } from "@patchbay/transformer";
import { describeSite, PatchbayError, type Site } from "@patchbay/vocabulary";
import type { DictionarySpec } from "../dictionary.ts";
import { readSite } from "./site-names.ts";

export interface ModelToFit {
  readonly name: string;
  readonly hash: string;
  readonly shape: ModelShape;
  /** Values at a position of a site, all heads together; `siteWidth` unless given. */
  readonly widthOf?: (site: string) => number | undefined;
}

/** Values at one position: d_model, d_mlp, or heads × head width. Undefined for sites of other shapes (patterns, scales). */
export function siteWidth(shape: ModelShape, { kind }: Site): number | undefined {
  const { axes } = describeSite(kind);
  if (kind === "attn.hook_result" || axes.includes("key") || axes.includes("norm")) return undefined;
  const lengths = axes.map((axis) => axisLengthOf(shape, axis)).filter((length) => length !== undefined);
  return lengths.reduce((product, length) => product * length, 1);
}

/**
 * A different model name is no refusal, since every library spells them its own way; a different hash is.
 * @throws PatchbayError `conflict` (hash), `unknown-site`, `layer-out-of-range`, `values-do-not-fit`
 */
export function checkAgainstModel(spec: DictionarySpec, model: ModelToFit): void {
  const { hash } = spec.model;
  if (hash !== null && hash !== model.hash) {
    throw new PatchbayError("conflict", `The dictionary "${spec.name}" was made for another model.`, {
      expected: `the model with hash ${hash.slice(0, 16)}… (${spec.model.name ?? "unnamed"})`,
      received: `"${model.name}" with hash ${model.hash.slice(0, 16)}…`,
      advice: "Add it to the model that it was trained on.",
    });
  }
  checkSite(spec, spec.inputSite, spec.inputWidth, model);
  for (const site of spec.outputSites) checkSite(spec, site, spec.outputWidth, model);
}

function checkSite(
  spec: DictionarySpec,
  name: string,
  width: number,
  { name: model, shape, widthOf }: ModelToFit,
): void {
  const site = readSite(name);
  if (!siteKindsOf(shape).includes(site.kind)) {
    throw new PatchbayError("unknown-site", `The model "${model}" has no site ${name}, which "${spec.name}" uses.`, {
      expected: `a site of a ${shape.family} model`,
      received: name,
    });
  }
  if ((site.layer ?? 0) >= shape.layers) {
    throw new PatchbayError("layer-out-of-range", `The dictionary "${spec.name}" is for a deeper model.`, {
      expected: `layers 0 to ${shape.layers - 1} of "${model}"`,
      received: name,
    });
  }
  const expected = widthOf === undefined ? siteWidth(shape, site) : widthOf(name);
  if (expected === width) return;
  throw new PatchbayError("values-do-not-fit", `The dictionary "${spec.name}" does not fit the model "${model}".`, {
    expected: expected === undefined ? "a site with one vector at a position" : `width ${expected} at ${name}`,
    received: `width ${width}`,
    advice: "Check that it was trained on this model and at this site.",
  });
}
