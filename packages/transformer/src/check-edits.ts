/** Refuses edits and reads that match nothing, before anything runs. */
import { describeSite, nameOf, PatchbayError, type Site } from "@patchbay/vocabulary";
import type { ModelShape } from "./architecture.ts";
import type { SiteEdit, SiteRead } from "./forward-pass.ts";
import { axisLengthOf, siteKindsOf } from "./stages/sites.ts";

export interface SequenceExtent {
  readonly batch: number;
  /** Positions of the prompt. */
  readonly length: number;
  /** Positions of the prompt and of what may be generated. */
  readonly longest: number;
}

/** @throws PatchbayError `unknown-site` or `layer-out-of-range`. */
export function checkSite(shape: ModelShape, site: Site): void {
  if (!siteKindsOf(shape).includes(site.kind)) {
    throw new PatchbayError("unknown-site", `This model has no site "${nameOf(site)}".`, {
      expected: `a site of the ${shape.family} family: ${siteKindsOf(shape).join(", ")}`,
      received: site.kind,
    });
  }
  if (describeSite(site.kind).stage !== "block") return;
  const { layer } = site;
  if (layer === undefined || !Number.isInteger(layer) || layer < 0 || layer >= shape.layers) {
    throw new PatchbayError(
      "layer-out-of-range",
      layer === undefined ? "The site needs a layer." : `There is no layer ${layer}.`,
      {
        expected: `0 to ${shape.layers - 1}`,
        received: String(layer ?? "none"),
      },
    );
  }
}

export function checkRead(shape: ModelShape, { site, positions, units }: SiteRead, extent: SequenceExtent): void {
  checkSite(shape, site);
  const { unitAxis } = describeSite(site.kind);
  if (positions !== undefined) checkIndices("position-out-of-range", "position", positions, extent.length);
  if (units !== undefined) checkIndices("unit-out-of-range", unitAxis, units, axisLengthOf(shape, unitAxis) ?? 0);
}

export function checkEdit(shape: ModelShape, edit: SiteEdit, extent: SequenceExtent): void {
  checkSite(shape, edit.site);
  const { unitAxis, detailAxis } = describeSite(edit.site.kind);
  if (edit.rows !== "all") checkIndices("row-out-of-range", "row", edit.rows, extent.batch);
  const { positions } = edit;
  if (positions !== "all" && "from" in positions) {
    if (positions.from >= extent.longest)
      throw matchesNothing(edit.site, `positions from ${positions.from}`, extent.longest);
  } else if (positions !== "all") {
    checkIndices("position-out-of-range", "position", positions, extent.longest);
  }
  if (edit.units !== "all") {
    checkIndices("unit-out-of-range", unitAxis, edit.units, axisLengthOf(shape, unitAxis) ?? 0);
  }
  if (edit.dimensions === "all") return;
  if (detailAxis === undefined) {
    throw new PatchbayError("invalid-request", `"${nameOf(edit.site)}" has no axis inside its units.`, {
      expected: "dimensions left out",
    });
  }
  checkIndices("unit-out-of-range", detailAxis, edit.dimensions, axisLengthOf(shape, detailAxis) ?? extent.longest);
}

function checkIndices(
  code: "row-out-of-range" | "position-out-of-range" | "unit-out-of-range",
  axis: string,
  indices: readonly number[],
  length: number,
): void {
  if (indices.length === 0) {
    throw new PatchbayError("intervention-matches-nothing", `The list of ${axis} indices is empty.`, {
      expected: "at least one index",
      advice: "Leave the list out to mean all.",
    });
  }
  const wrong = indices.find((index) => !Number.isInteger(index) || index < 0 || index >= length);
  if (wrong === undefined) return;
  throw new PatchbayError(code, `There is no ${axis.replaceAll("_", " ")} ${wrong}.`, {
    expected: `0 to ${length - 1}`,
    received: String(wrong),
  });
}

function matchesNothing(site: Site, what: string, longest: number): PatchbayError {
  return new PatchbayError(
    "intervention-matches-nothing",
    `The intervention at "${nameOf(site)}" matches nothing: ${what}.`,
    {
      expected: `positions below ${longest}`,
      advice: "The sequence is not that long.",
    },
  );
}
