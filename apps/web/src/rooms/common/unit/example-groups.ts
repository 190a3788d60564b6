/** The examples of a unit in three lists: the strongest, those of each interval of strength, and some at random. */
import type { UnitExampleGroup } from "@patchbay/contract";

export const EXAMPLE_LISTS = ["top", "intervals", "random"] as const;
export type ExampleList = (typeof EXAMPLE_LISTS)[number];
type Group = ReturnType<typeof UnitExampleGroup.parse>;

export function groupsOf(groups: readonly Group[], list: ExampleList): readonly Group[] {
  return groups.filter(({ name }) => (list === "intervals" ? name !== "top" && name !== "random" : name === list));
}
