import { pathOfRoute } from "@patchbay/workbench-state";
import { withQuery } from "../common/query.ts";

/** Another feature's page with the reader's text and settings; a value belongs to the feature before. */
export function siblingPath(dictionary: string, feature: number, search: string): string {
  const kept = withQuery(search, { value: undefined, unit: undefined, examples: undefined });
  return pathOfRoute({ room: "feature", dictionary, feature }) + kept;
}
