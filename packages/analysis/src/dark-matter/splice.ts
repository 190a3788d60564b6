/**
 * Passes in which a dictionary's output site is rewritten at the counted tokens of documents. BOS and padding keep what the
 * model computed: dictionaries are neither fitted nor judged there.
 */
import type { Dictionary } from "@patchbay/dictionary";
import { nameOf, PatchbayError, parseSite, type Site, sizeOfShape, type Tensor } from "@patchbay/vocabulary";
import type { DocumentBatch } from "../corpus/batches.ts";
import { countedRows, takeRows } from "../corpus/harvest.ts";
import { canReplace, type OutputReplacement } from "../dictionaries/replace-output.ts";

/** One row a counted token. */
export interface SplicedRows {
  /** [row, input], [row, output]: what the model computed at the dictionary's sites. */
  readonly input: Tensor;
  readonly output: Tensor;
  readonly documents: Int32Array;
  readonly positions: Int32Array;
}

export interface DictionarySites {
  readonly input: Site;
  readonly output: Site;
}

/** New values of the output site, [row, output]. */
export type RewriteRows = (rows: SplicedRows) => Promise<Float32Array>;

/**
 * The one place that the dictionary reads and the one it writes.
 * @throws PatchbayError `site-not-writable`, `unsupported-model` (several layers)
 */
export function sitesOf({ spec }: Dictionary): DictionarySites {
  const input = parseSite(spec.inputSite);
  const [first, second] = spec.outputSites.map(parseSite);
  if (first === undefined || second !== undefined || first.layer !== input.layer) {
    throw new PatchbayError("unsupported-model", `"${spec.name}" does not write to the one layer that it reads.`, {
      expected: "a dictionary with one output site, in the block of its input site",
      received: `${spec.inputSite} → ${spec.outputSites.join(", ")}`,
      at: "dictionary",
    });
  }
  if (!canReplace(first)) {
    throw new PatchbayError("site-not-writable", `"${nameOf(first)}" cannot be replaced whole.`, {
      expected: "a dictionary of hook_mlp_out, hook_resid_pre or hook_resid_post",
      at: "dictionary",
    });
  }
  return { input, output: first };
}

export function spliceRows(
  { input, output }: DictionarySites,
  batch: DocumentBatch,
  skip: number,
  rewrite: RewriteRows,
): OutputReplacement {
  const { sources, documents, positions } = countedRows(batch, skip);
  return {
    outputSite: output,
    inputSites: [input],
    async replace(found, [read = found]) {
      const rows = { input: takeRows(read, sources), output: takeRows(found, sources), documents, positions };
      const values = await rewrite(rows);
      const width = sizeOfShape(found.shape.slice(2));
      const data = found.data.slice();
      for (const [row, source] of sources.entries()) {
        data.set(values.subarray(row * width, (row + 1) * width), source * width);
      }
      return { ...found, data };
    },
  };
}
