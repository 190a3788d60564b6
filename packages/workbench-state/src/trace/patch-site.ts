/** Where a patch enters: a hook site of the model, or a dictionary, whose units are its features. */
import { nameOf, type Site } from "@patchbay/vocabulary";

/**
 * What becomes of x − decode(features) when features are edited: kept from this run, dropped, or held as it is in the run
 * without any intervention.
 */
export const ERROR_MODES = ["keep", "drop", "freeze"] as const;
export type ErrorMode = (typeof ERROR_MODES)[number];

export interface DictionarySite {
  readonly dictionary: string;
  /** The layer at whose row the patch is drawn; the dictionary itself decides where it reads and writes. */
  readonly layer: number;
  readonly error: ErrorMode;
}

export type PatchSite = Site | DictionarySite;

export function isDictionarySite(site: PatchSite): site is DictionarySite {
  return "dictionary" in site;
}

/** As an intervention's `site` names it. */
export function siteOfIntervention(site: PatchSite): string {
  return isDictionarySite(site) ? site.dictionary : nameOf(site);
}
