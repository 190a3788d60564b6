/** A graph from text or JSON, whichever of the two formats it is in. */
import { PatchbayError } from "@patchbay/vocabulary";
import { looksLikeGraphFile, type ReadGraph, readGraphFile } from "./interchange/read-graph-file.ts";
import { isJsonObject, kindOfJson } from "./json.ts";
import { parseGraphText } from "./parse-graph-text.ts";
import { looksLikePatchbayGraph, readPatchbayGraph } from "./patchbay-format.ts";

/** @throws PatchbayError `malformed-json`, or what `readGraph` throws. */
export function readGraphText(text: string): ReadGraph {
  const { json, notFinite } = parseGraphText(text);
  return readGraph(json, notFinite);
}

/**
 * @param notFinite the places that `parseGraphText` reports.
 * @throws PatchbayError `damaged-file` for what is neither format.
 */
export function readGraph(json: unknown, notFinite: readonly string[] = []): ReadGraph {
  if (looksLikePatchbayGraph(json)) return { graph: readPatchbayGraph(json), notices: [] };
  if (looksLikeGraphFile(json) || (isJsonObject(json) && Object.hasOwn(json, "metadata")))
    return readGraphFile(json, notFinite);
  throw new PatchbayError("damaged-file", "This is not an attribution graph.", {
    expected:
      'a document with "format": "patchbay-graph", or an object with "metadata", "nodes" and "links", as circuit-tracer writes it',
    received: kindOfJson(json),
  });
}
