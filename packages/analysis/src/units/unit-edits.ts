/** "This unit becomes that value, at this row and position" as edits of sites. */
import { DICTIONARY_TENSORS, type Dictionary } from "@patchbay/dictionary";
import { readRows, type SiteEdit } from "@patchbay/transformer";
import { describeSite, ensureDefined, nameOf, PatchbayError, parseSite, type Site } from "@patchbay/vocabulary";
import type { UnitSource } from "./unit-context.ts";

export interface UnitChange {
  readonly row: number;
  readonly position: number;
  readonly unit: number;
  /** Activation as the run stands, and as it becomes. */
  readonly from: number;
  readonly to: number;
  /** The value at the source's site there: what some SAEs' outputs are scaled by. */
  readonly input: Float32Array;
}

/**
 * A neuron's activation is set. A feature's change is added at the dictionary's output site or sites: x + (f′ − f)·W_dec,
 * so that what the dictionary does not explain stays.
 */
export async function unitEdits({ dictionary, site }: UnitSource, changes: readonly UnitChange[]): Promise<SiteEdit[]> {
  if (dictionary === undefined) {
    return changes.map(({ row, position, unit, to }) => ({
      site,
      rows: [row],
      positions: [position],
      units: [unit],
      dimensions: "all",
      scale: 0,
      offset: to,
    }));
  }
  const sites = dictionary.spec.outputSites.map(editableSite);
  const decoder = await decoderRows(dictionary, [...new Set(changes.map(({ unit }) => unit))]);
  return changes.flatMap(({ row, position, unit, from, to, input }) => {
    const factor = (to - from) * outputScale(dictionary, input);
    return sites.map((output, target) => ({
      site: output,
      rows: [row],
      positions: [position],
      units: "all" as const,
      dimensions: "all" as const,
      scale: 1,
      offset: decoder(unit, target).map((value) => value * factor),
    }));
  });
}

/** @throws PatchbayError `site-not-writable` for a site outside the blocks */
function editableSite(name: string): Site {
  const site = parseSite(name);
  const { stage, writable } = describeSite(site.kind);
  if (stage === "block" && writable) return site;
  throw new PatchbayError("site-not-writable", `Features cannot be changed at "${nameOf(site)}".`, {
    expected: "a dictionary that writes inside a block",
    received: nameOf(site),
  });
}

/** The vectors that features write, [output] for each target, read from the file by their byte ranges. */
async function decoderRows(
  dictionary: Dictionary,
  features: readonly number[],
): Promise<(feature: number, target: number) => Float32Array> {
  const { outputWidth, outputSites } = dictionary.spec;
  const source = {
    names: [DICTIONARY_TENSORS.decoder],
    has: () => true,
    describe: () => dictionary.describe(DICTIONARY_TENSORS.decoder),
    read: () => dictionary.read(DICTIONARY_TENSORS.decoder),
  };
  const { data } = await readRows(source, DICTIONARY_TENSORS.decoder, features);
  const places = new Map(features.map((feature, i) => [feature, i]));
  return (feature, target) => {
    const start = (ensureDefined(places.get(feature)) * outputSites.length + target) * outputWidth;
    return data.subarray(start, start + outputWidth);
  };
}

/**
 * An SAE that normalises what it reads scales its output back by the same number; a transcoder predicts another site and does
 * not. See the header of dictionary.ts and `normaliseInput` of its graphs.
 */
function outputScale({ spec }: Dictionary, input: Float32Array): number {
  if (spec.kind !== "sae" || spec.inputNormalisation === "none") return 1;
  const width = input.length;
  const average = spec.inputNormalisation === "layer-norm" ? input.reduce((sum, value) => sum + value, 0) / width : 0;
  const squares = input.reduce((sum, value) => sum + (value - average) ** 2, 0);
  if (spec.inputNormalisation === "constant-norm") return Math.sqrt(squares / width);
  // The sample standard deviation, with what SAELens adds to it.
  return Math.sqrt(squares / (width - 1)) + 1e-5;
}
