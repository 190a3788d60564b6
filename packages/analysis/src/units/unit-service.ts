/** The unit rooms' calls over one context; indexing itself is a job of its own (../unit-index). */
import type { UnitService } from "../model-service.ts";
import { searchByText } from "./text-search.ts";
import type { UnitContext } from "./unit-context.ts";
import { unitEffect } from "./unit-effect.ts";
import { labelUnit } from "./unit-labels.ts";
import { listUnits } from "./unit-list.ts";
import { ExampleCache, unitPage } from "./unit-page.ts";

export function createUnitService(context: UnitContext): Omit<UnitService, "index"> {
  const cache = new ExampleCache();
  return {
    list: (query) => listUnits(context, query),
    byText: (request, work) => searchByText(context, request, work),
    page: (source, unit, examples, work) => unitPage(context, cache, { source, unit, examples }, work),
    label: (source, unit, label) => labelUnit(context, source, unit, label),
    effect: (request, work) => unitEffect(context, request, work),
  };
}
