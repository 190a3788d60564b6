/**
 * From interventions as people write them to edits of sites. Values that come from elsewhere (another run, a mean over a
 * reference) are computed here by passes of their own, so that an edit is plain numbers.
 */
import type { Intervention, RunInput } from "@patchbay/contract";
import { checkEdit, type PositionSelection, type SiteEdit } from "@patchbay/transformer";
import { describeSite, nameOf, PatchbayError, parseSite } from "@patchbay/vocabulary";
import { featureEdit, type InterventionItem } from "../features/feature-edit.ts";
import { featureVector, realiseFeatureEdits } from "../features/realise-feature-edits.ts";
import { referenceMean, valuesOfOtherRun } from "./borrowed-values.ts";
import { finite, type InterventionContext, type Place, selectedCounts } from "./intervention-context.ts";
import { resolvePosition } from "./positions.ts";

/** Plain edits of sites for the context's input. */
export async function resolveInterventions(
  interventions: readonly Intervention[],
  context: InterventionContext,
): Promise<SiteEdit[]> {
  const items = await prepareInterventions(interventions, context);
  return realiseFeatureEdits(context.engine, context.input.tokens, items, context.signal);
}

/** Checked, and as far resolved as is possible without a pass over the tokens: features depend on them. */
export async function prepareInterventions(
  interventions: readonly Intervention[],
  context: InterventionContext,
): Promise<InterventionItem[]> {
  const items: InterventionItem[] = [];
  for (const [i, intervention] of interventions.entries()) {
    if (intervention.muted === true) continue;
    try {
      items.push(
        namesDictionary(intervention.site)
          ? await prepareFeatureEdit(intervention, context)
          : { kind: "site", edits: await resolveOne(intervention, context) },
      );
    } catch (error) {
      throw error instanceof PatchbayError ? error.at(`interventions/${i}`) : error;
    }
  }
  return items;
}

/** Sites are hook names: they hold "hook_". A dictionary's name may too, but then no site has that name. */
function namesDictionary(site: string): boolean {
  return !site.includes("hook_");
}

async function prepareFeatureEdit(intervention: Intervention, context: InterventionContext): Promise<InterventionItem> {
  const { dictionaries, input, generated } = context;
  const dictionary = await dictionaries.find(intervention.site);
  const positions = resolveSelection(intervention, input.length);
  const longest = input.length + generated;
  if (positions !== "all" && "from" in positions && positions.from >= longest) {
    throw new PatchbayError("intervention-matches-nothing", "The intervention matches no position.", {
      expected: `positions below ${longest}`,
      at: "positions",
    });
  }
  return featureEdit(intervention, positions, {
    dictionary,
    setMembers: (set) => dictionaries.ofSet(set),
    maximumOf: (feature) => dictionaries.maximumOf(dictionary, feature),
    rows: input.tokens.length,
  });
}

async function resolveOne(intervention: Intervention, context: InterventionContext): Promise<SiteEdit[]> {
  const place = resolvePlace(intervention, context);
  const { length } = context.input;
  const extent = { batch: context.input.tokens.length, length, longest: length + context.generated };
  const check = (edit: SiteEdit) => {
    checkEdit(context.engine.model.shape, edit, extent);
    return edit;
  };
  // Places are checked before any pass is spent on values.
  check({ ...place, scale: 1, offset: 0 });

  switch (intervention.op) {
    case "set": {
      if (intervention.unit !== "maximum") return [{ ...place, scale: 0, offset: finite(intervention.value) }];
      return multiplesOfMaximum(place, intervention.value, context);
    }
    case "zero":
      return [{ ...place, scale: 0, offset: 0 }];
    case "scale":
      return [{ ...place, scale: finite(intervention.value), offset: 0 }];
    case "add":
      return [{ ...place, scale: 1, offset: await direction(intervention, place, context) }];
    case "mean":
      return [{ ...place, scale: 0, offset: await referenceMean(intervention.reference?.texts, place, context) }];
    case "replace":
      return intervention.from === undefined
        ? [{ ...place, scale: 0, offset: givenValues(intervention.values, place, context) }]
        : replaceFromOtherRun({ ...intervention, from: intervention.from }, place, context);
    case "splice":
      throw new PatchbayError("invalid-request", "Only dictionaries can be spliced in.", {
        expected: "site: the name of a dictionary",
        received: intervention.site,
        at: "site",
      });
  }
}

async function replaceFromOtherRun(
  {
    values,
    from,
    fromPositions,
  }: Extract<Intervention, { op: "replace" }> & { from: { input: RunInput; interventions?: unknown[] | undefined } },
  place: Place,
  context: InterventionContext,
): Promise<SiteEdit[]> {
  if (values !== undefined) {
    throw new PatchbayError("invalid-request", "A replacement has two sources.", {
      expected: "exactly one of values and from",
    });
  }
  const input = context.resolveInput(from.input);
  const edits = await resolveInterventions((from.interventions ?? []) as Intervention[], {
    ...context,
    input,
    generated: 0,
  });
  return valuesOfOtherRun({ input, edits }, fromPositions, place, context);
}

function resolvePlace(intervention: Intervention, { input }: InterventionContext): Place {
  const site = parseSite(intervention.site);
  const { length } = input;
  if (intervention.error !== undefined) {
    throw new PatchbayError("invalid-request", "Only dictionaries have an error term.", {
      expected: "error left out at a hook site",
      at: "error",
    });
  }
  const selection = resolveSelection(intervention, length);
  if (intervention.units !== undefined && intervention.heads !== undefined) {
    throw new PatchbayError("invalid-request", "units and heads are two names of one list.", {
      expected: "one of them",
    });
  }
  const { unitAxis, detailAxis } = describeSite(site.kind);
  // Values are for the keys of the prompt; "all" would take in those that are generated.
  const hasValues = "values" in intervention && intervention.values !== undefined;
  const promptKeys = hasValues && detailAxis === "key" ? Array.from({ length }, (_, key) => key) : undefined;
  if (intervention.heads !== undefined && unitAxis !== "head" && unitAxis !== "key_value_head") {
    throw new PatchbayError("invalid-request", `"${nameOf(site)}" has no heads.`, { expected: `units (${unitAxis})` });
  }
  return {
    site,
    rows: intervention.rows ?? "all",
    positions: selection,
    units: intervention.units ?? intervention.heads ?? "all",
    dimensions: intervention.dimensions ?? promptKeys ?? "all",
  };
}

function resolveSelection({ positions = "all" }: Intervention, length: number): PositionSelection {
  if (positions === "all") return "all";
  if (positions === "last") return [length - 1];
  if (positions === "generated") return { from: length };
  return positions.map((position, i) =>
    position < 0 ? resolvePosition(position, length, `positions/${i}`) : position,
  );
}

async function multiplesOfMaximum(place: Place, multiple: number, context: InterventionContext): Promise<SiteEdit[]> {
  if (place.site.kind !== "mlp.hook_post" || place.units === "all") {
    throw new PatchbayError("invalid-request", "Multiples of the observed maximum exist for single neurons.", {
      expected: "site blocks.{layer}.mlp.hook_post with units",
      received: nameOf(place.site),
    });
  }
  const layer = place.site.layer ?? 0;
  return Promise.all(
    place.units.map(async (neuron) => ({
      ...place,
      units: [neuron],
      scale: 0,
      offset: finite(multiple) * (await context.maximumOf(layer, neuron)),
    })),
  );
}

async function direction(
  intervention: Extract<Intervention, { op: "add" }>,
  place: Place,
  context: InterventionContext,
): Promise<number | Float32Array> {
  const { value, values: listed, direction: steering, coefficient = 1 } = intervention;
  if ([value, listed, steering].filter((source) => source !== undefined).length !== 1) {
    throw new PatchbayError("invalid-request", "An addition needs one source.", {
      expected: "exactly one of value, values and direction",
    });
  }
  if (value !== undefined) return finite(value);
  const values = steering === undefined ? listed : [...(await steeringVector(steering, context))];
  const given = givenValues(values, place, context);
  return given.map((each) => each * finite(coefficient));
}

async function steeringVector(
  { dictionary: name, feature, vector = "decoder" }: NonNullable<Extract<Intervention, { op: "add" }>["direction"]>,
  { dictionaries }: InterventionContext,
): Promise<Float32Array> {
  const dictionary = await dictionaries.find(name);
  if (feature >= dictionary.spec.features) {
    throw new PatchbayError("unit-out-of-range", `"${name}" has no feature ${feature}.`, {
      expected: `0 to ${dictionary.spec.features - 1}`,
      received: String(feature),
      at: "direction/feature",
    });
  }
  return featureVector(dictionary, feature, vector);
}

/** Values for units × dimensions, or for positions × units × dimensions. */
function givenValues(values: readonly number[] | undefined, place: Place, context: InterventionContext): Float32Array {
  if (values === undefined) {
    throw new PatchbayError("invalid-request", "A replacement needs values.", {
      expected: "exactly one of values and from",
    });
  }
  values.forEach(finite);
  const { positions, units, dimensions } = selectedCounts(place, context);
  const perPosition = units * dimensions;
  const allowed = positions === undefined ? [perPosition] : [perPosition, positions * perPosition];
  if (!allowed.includes(values.length)) {
    throw new PatchbayError("values-do-not-fit", "The number of values does not fit the place.", {
      expected: allowed.join(" or "),
      received: String(values.length),
      advice: "Give one value for each selected unit and dimension, or for each position too.",
      at: "values",
    });
  }
  return Float32Array.from(values);
}
