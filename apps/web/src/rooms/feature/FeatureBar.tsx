import type { FeaturePage } from "@patchbay/contract";
import type { Route } from "@patchbay/workbench-state";
import { navigate } from "../../shell/location.ts";
import type { Query } from "../common/query.ts";
import { UnitBar } from "../common/unit/UnitBar.tsx";
import type { DictionaryAddresses } from "../dictionaries/dictionary-address.ts";
import { siblingPath } from "./sibling-path.ts";

/** Which feature this is, and the ways to others of its dictionary. The reader's text goes along. */
export function FeatureBar({
  route,
  page,
  query,
  to,
}: {
  readonly route: Extract<Route, { room: "feature" }>;
  readonly page: FeaturePage | undefined;
  readonly query: Query;
  readonly to: DictionaryAddresses;
}) {
  const count = page?.dictionary.features;
  const go = (feature: number) => navigate(siblingPath(route.dictionary, feature, query.text));
  const way = (feature: number | null | undefined) =>
    feature === null || feature === undefined ? undefined : () => go(feature);
  return (
    <UnitBar
      word="feature"
      whole="dictionary"
      crumb={{ href: to.page(route.dictionary), text: route.dictionary }}
      label={`F${route.feature}`}
      previous={way(page?.previous)}
      next={way(page?.next)}
      random={count === undefined ? undefined : () => go(Math.floor(Math.random() * count))}
      jump={{
        label: "Jump to a feature, by its number",
        placeholder: "Jump to F417",
        range: count === undefined ? "no such feature" : `F0 … F${count - 1}`,
        go(typed) {
          const number = /^\s*f?(\d{1,9})\s*$/i.exec(typed)?.[1];
          const feature = number === undefined ? undefined : Number(number);
          if (feature === undefined || count === undefined || feature >= count) return false;
          go(feature);
          return true;
        },
      }}
    />
  );
}
