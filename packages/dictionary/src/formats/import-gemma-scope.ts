/**
 * Gemma Scope: params.npz with W_enc [input, feature], W_dec, b_enc, b_dec, threshold: JumpReLU, b_dec not subtracted. The
 * file has no configuration; its published path (…-res/layer_12/width_16k/average_l0_71) tells the layer and the place.
 */
import { basename, join } from "node:path";
import { PatchbayError, type SiteKind, siteName } from "@patchbay/vocabulary";
import type { DictionaryWeights } from "../dictionary.ts";
import { checkDictionary } from "./check-dictionary.ts";
import { completeSpec, type ImportOptions, suggestDictionaryName } from "./import-options.ts";
import { type NumpyArchive, readNumpyArchive } from "./numpy-archive.ts";
import { damagedFile } from "./read-config.ts";
import { fullSiteName, NORMALISED_SITE_NOTE } from "./site-names.ts";
import { transpose } from "./tensors.ts";

export const GEMMA_SCOPE_WEIGHTS = "params.npz";

const ARRAYS = ["W_enc", "W_dec", "b_enc", "b_dec", "threshold"];

/** @throws PatchbayError `damaged-file`, `values-do-not-fit`, `not-finite`, `unknown-site` */
export async function importGemmaScope(folder: string, options: ImportOptions): Promise<DictionaryWeights> {
  const file = join(folder, GEMMA_SCOPE_WEIGHTS);
  const archive = await readNumpyArchive(file);
  const other = archive.names.find((name) => !ARRAYS.includes(name));
  if (other !== undefined) throw damagedFile(file, "holds an array that is not known", ARRAYS.join(", "), other);
  const [input, feature] = matrixIn(archive, "W_enc");
  const [, output] = matrixIn(archive, "W_dec");
  const place = placeOf(folder, options);
  if (place.outputSite !== place.inputSite && options.outputSite === undefined) place.notes.push(NORMALISED_SITE_NOTE);
  const transcoder = place.outputSite !== place.inputSite;
  const tensors = {
    W_enc: transpose(archive.take("W_enc", { input, feature })),
    W_dec: archive.take("W_dec", { feature, output }),
    b_enc: archive.take("b_enc", { feature }),
    b_dec: archive.take("b_dec", { output }),
    threshold: archive.take("threshold", { feature }),
  };
  const spec = completeSpec(
    {
      format: "gemma-scope",
      member: null,
      kind: transcoder ? "transcoder" : "sae",
      model: { name: place.model, hash: null },
      inputSite: place.inputSite,
      outputSites: [place.outputSite],
      inputWidth: input,
      outputWidth: output,
      features: feature,
      activation: { kind: "jumprelu", rectified: true },
      inputNormalisation: "none",
      subtractDecoderBias: false,
      skip: false,
      skipsFirstPosition: false,
      notes: place.notes,
    },
    folder,
    { ...options, name: options.name ?? nameOfPath(folder) },
  );
  return checkDictionary({ spec, tensors }, folder);
}

function matrixIn(archive: NumpyArchive, name: string): readonly [number, number] {
  const [rows = 0, columns = 0, ...more] = archive.shapeOf(name);
  if (rows > 0 && columns > 0 && more.length === 0) return [rows, columns];
  throw damagedFile(
    archive.file,
    `has a "${name}" that is not a matrix`,
    "two axes",
    archive.shapeOf(name).join(" × "),
  );
}

/** By the words in a published repository's name: gemma-scope-2b-pt-res, -mlp, -att, -transcoders. */
const PLACES: readonly { readonly word: RegExp; readonly input: SiteKind; readonly output: SiteKind }[] = [
  { word: /transcoder/, input: "ln2.hook_normalized", output: "hook_mlp_out" },
  { word: /-res\b|resid_post/, input: "hook_resid_post", output: "hook_resid_post" },
  { word: /-mlp\b|mlp_out/, input: "hook_mlp_out", output: "hook_mlp_out" },
  { word: /-att\b/, input: "attn.hook_z", output: "attn.hook_z" },
];

interface Place {
  readonly inputSite: string;
  readonly outputSite: string;
  readonly model: string | null;
  readonly notes: string[];
}

function placeOf(folder: string, options: ImportOptions): Place {
  // Only what a published path has: the folders from the repository's name on.
  const path = /([^/\\]*gemma-scope[^/\\]*[/\\].*)$/.exec(folder)?.[1];
  const layerText = /(?:^|[/\\])layer_(\d{1,4})(?:[/\\]|$)/.exec(path ?? folder)?.[1];
  const layer = options.layer ?? (layerText === undefined ? undefined : Number(layerText));
  const found = PLACES.find(({ word }) => word.test(path ?? ""));
  const input = options.inputSite ?? (layer === undefined ? undefined : found && siteName(found.input, layer));
  if (input === undefined) {
    throw new PatchbayError("unknown-site", `${folder} does not say where the dictionary reads.`, {
      expected: "a published path such as gemma-scope-2b-pt-res/layer_12/width_16k/average_l0_71, or a stated site",
      received: "only weights",
      advice: "Give the input site, for example blocks.12.hook_resid_post (and the output site of a transcoder).",
    });
  }
  const output = options.outputSite ?? options.inputSite ?? siteName(found?.output ?? "hook_resid_post", layer);
  const size = /gemma-scope-(\d+b)-(pt|it)/.exec(path ?? "");
  const notes = options.inputSite === undefined ? [`The place was read from the path ${path}.`] : [];
  return {
    inputSite: fullSiteName(input, layer, "The option"),
    outputSite: fullSiteName(output, layer, "The option"),
    model: size === null ? null : `gemma-2-${size[1]}${size[2] === "it" ? "-it" : ""}`,
    notes,
  };
}

/** layer_12/width_16k/average_l0_71 says more than its last part. */
function nameOfPath(folder: string): string {
  const parts = /layer_\d+[/\\]width_\w+[/\\][\w.-]+$/.exec(folder)?.[0];
  return suggestDictionaryName(parts?.replace(/[/\\]/g, ".") ?? basename(folder));
}
