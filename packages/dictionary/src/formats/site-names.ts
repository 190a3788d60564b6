/** Hook names as dictionaries write them, to ours. */
import { nameOf, PatchbayError, parseSite, type Site, type SiteKind } from "@patchbay/vocabulary";
import { damagedFile } from "./read-config.ts";

/**
 * Places that TransformerLens 3 and circuit-tracer name by the module whose input they are. Both are after the norm with
 * its weight, which is what `hook_normalized` means here (docs/decisions/0005).
 */
const MODULE_INPUTS: Readonly<Record<string, SiteKind>> = {
  "mlp.hook_in": "ln2.hook_normalized",
  "attn.hook_in": "ln1.hook_normalized",
};

/** The name of the MLP's input in files for TransformerLens and circuit-tracer: there `hook_normalized` lacks the weight. */
const EXPORTED_NAMES: Readonly<Partial<Record<SiteKind, string>>> = {
  "ln1.hook_normalized": "attn.hook_in",
  "ln2.hook_normalized": "mlp.hook_in",
};

/**
 * Reads the full name of a site that a file gives. Names such as "__proto__" are refused here, before they meet a table.
 * @throws PatchbayError `unknown-site`
 */
export function readSite(name: string): Site {
  const bare = name.replace(/^blocks\.\d+\./, "");
  if (!Object.hasOwn(Object.prototype, bare)) return parseSite(name);
  throw new PatchbayError("unknown-site", "This is not the name of a hook site.", {
    expected: "a name such as blocks.3.hook_resid_post",
    received: JSON.stringify(name),
  });
}

/** Said with every dictionary whose file uses the ambiguous name. */
export const NORMALISED_SITE_NOTE =
  "The file reads hook_normalized; here that is the norm's output with its weight and bias. A dictionary that was trained " +
  "before the weight (an RMSNorm model, or one with folded norms) does not fit this site.";

/**
 * The full name of a site: `blocks.3.mlp.hook_in`, or `mlp.hook_in` with a layer.
 * @param where the file or option that names it, for messages
 * @throws PatchbayError `unknown-site`
 */
export function fullSiteName(hook: string, layer: number | undefined, where: string): string {
  const block = /^blocks\.(\d{1,6})\.(.+)$/.exec(hook);
  const bare = block?.[2] ?? hook;
  const kind = Object.hasOwn(MODULE_INPUTS, bare) ? (MODULE_INPUTS[bare] ?? bare) : bare;
  const of = block?.[1] ?? layer;
  try {
    return nameOf(readSite(of === undefined || isOutsideBlocks(kind) ? kind : `blocks.${Number(of)}.${kind}`));
  } catch (cause) {
    if (!(cause instanceof PatchbayError)) throw cause;
    throw new PatchbayError("unknown-site", `${where} names a hook that Patchbay does not have.`, {
      expected: "a hook such as blocks.3.hook_resid_post, blocks.3.mlp.hook_in or blocks.3.hook_mlp_out",
      received: JSON.stringify(hook.slice(0, 200)),
      advice: "Say the site yourself with the input and output site options, in full: blocks.3.hook_resid_post.",
      cause,
    });
  }
}

function isOutsideBlocks(kind: string): boolean {
  try {
    return readSite(kind).layer === undefined;
  } catch {
    return false;
  }
}

/** The name without its layer, as circuit-tracer's config.yaml has it. */
export function exportedHook({ kind }: Site): string {
  return EXPORTED_NAMES[kind] ?? kind;
}

/** The full name for TransformerLens. */
export function exportedSiteName(name: string): string {
  const site = readSite(name);
  return site.layer === undefined ? name : `blocks.${site.layer}.${exportedHook(site)}`;
}

/** @throws PatchbayError `damaged-file`: a hook is what we never guess. */
export function requireHook(hook: string | undefined, file: string, key: string): string {
  if (hook !== undefined && hook !== "") return hook;
  throw damagedFile(file, `does not say where the dictionary ${key}`, "the name of a hook", "nothing");
}
