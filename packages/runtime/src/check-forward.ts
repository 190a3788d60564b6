/** Refuses a forward pass that asks for what is not there, before anything runs. */
import { checkEdit, checkRead, type ForwardRequest, type ModelShape, type SiteRead } from "@patchbay/transformer";
import { describeSite, nameOf, PatchbayError, type Site } from "@patchbay/vocabulary";
import type { Window } from "./stage-feeds.ts";

/** @throws PatchbayError with the code of the first thing that is out of range. */
export function checkForward(
  shape: ModelShape,
  { tokens, edits = [], reads = [], from, cache }: ForwardRequest,
  window: Window,
  until: number,
): void {
  checkTokens(tokens, shape.vocabulary, from !== undefined);
  if (window.keys > shape.context) {
    throw new PatchbayError("context-exceeded", "The input is longer than the model's context.", {
      expected: `at most ${shape.context} tokens`,
      received: `${window.keys} tokens`,
      advice: "Shorten the prompt.",
    });
  }
  if (until < 0 || until > shape.layers || (from !== undefined && (from.layer < 0 || from.layer > until))) {
    throw new PatchbayError("layer-out-of-range", "The range of blocks is empty or outside the model.", {
      expected: `0 ≤ from ≤ until ≤ ${shape.layers}`,
      received: `from ${from?.layer ?? 0} until ${until}`,
    });
  }
  if (from !== undefined && from.residual.shape[2] !== shape.residualWidth) {
    throw new PatchbayError("values-do-not-fit", "The residual stream to resume from does not fit the model.", {
      expected: `width ${shape.residualWidth}`,
      received: String(from.residual.shape[2]),
    });
  }
  if (cache !== undefined) checkCache(shape, cache, window.batch, until === shape.layers && (from?.layer ?? 0) === 0);
  const longest = cache === undefined ? window.keys : shape.context;
  const extent = { batch: window.batch, length: window.keys, longest };
  const first = from?.layer ?? -1;
  for (const edit of edits) {
    checkEdit(shape, edit, extent);
    // Edits of the final norm are for `unembed`, which is given the same list.
    const { stage } = describeSite(edit.site.kind);
    const layer = stage === "embed" ? -1 : (edit.site.layer ?? first);
    if (stage !== "unembed" && (layer < first || layer >= until)) throw outsideOfPass("edit", edit.site, first, until);
  }
  for (const read of reads) {
    checkReadIn(shape, read, window);
    const stage = describeSite(read.site.kind).stage;
    const layer = stage === "embed" ? -1 : (read.site.layer ?? shape.layers);
    if (stage === "unembed" || layer < first || layer >= until) {
      throw outsideOfPass("read", read.site, first, until);
    }
  }
}

function outsideOfPass(what: "edit" | "read", site: Site, first: number, until: number): PatchbayError {
  return new PatchbayError(
    "intervention-matches-nothing",
    `The ${what} of "${nameOf(site)}" lies outside the blocks that run.`,
    { expected: `a site between block ${Math.max(first, 0)} and block ${until - 1}`, received: nameOf(site) },
  );
}

function checkCache(
  shape: ModelShape,
  cache: NonNullable<ForwardRequest["cache"]>,
  batch: number,
  whole: boolean,
): void {
  if (!whole) {
    throw new PatchbayError("invalid-request", "A cached pass must run every block.", {
      expected: `from 0 until ${shape.layers}`,
      advice: "Stop early or resume without a cache.",
    });
  }
  if (cache.batch !== batch) {
    throw new PatchbayError("values-do-not-fit", "The cache was made for another number of rows.", {
      expected: `${cache.batch} rows`,
      received: String(batch),
    });
  }
}

/** A read must lie in the window (positions held by a cache are past) and, where one is named, in the stage. */
export function checkReadIn(shape: ModelShape, read: SiteRead, window: Window, stage?: "unembed"): void {
  const length = Math.max(...window.positions, 0) + 1;
  checkRead(shape, read, { batch: window.batch, length, longest: length });
  if (stage !== undefined && describeSite(read.site.kind).stage !== stage) {
    throw new PatchbayError("intervention-matches-nothing", `"${read.site.kind}" is not a site of the ${stage} stage.`);
  }
  const past = read.positions?.find((position) => !window.positions.includes(position));
  if (past === undefined) return;
  throw new PatchbayError("position-out-of-range", `Position ${past} is not computed in this pass.`, {
    expected: `one of ${window.positions[0]} to ${window.positions.at(-1)}`,
    received: String(past),
  });
}

function checkTokens(tokens: readonly (readonly number[])[], vocabulary: number, optional: boolean): void {
  if (optional && tokens.length === 0) return;
  const length = tokens[0]?.length ?? 0;
  if (length === 0) {
    throw new PatchbayError("empty-input", "There are no tokens to run.", { expected: "at least one token" });
  }
  tokens.forEach((row, r) => {
    if (row.length !== length) {
      throw new PatchbayError("invalid-request", "The rows of the batch differ in length.", {
        expected: `${length} tokens in every row`,
        received: `${row.length} tokens in row ${r}`,
        advice: "Send rows of different length as separate runs.",
      });
    }
    const wrong = row.find((token) => !Number.isInteger(token) || token < 0 || token >= vocabulary);
    if (wrong !== undefined) {
      throw new PatchbayError("token-out-of-range", `There is no token ${wrong}.`, {
        expected: `0 to ${vocabulary - 1}`,
        received: `${wrong} in row ${r}`,
      });
    }
  });
}
