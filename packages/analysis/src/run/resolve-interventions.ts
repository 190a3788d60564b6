/**
 * From interventions as people write them to edits of sites. Values that come from elsewhere (another run, a mean over a
 * reference) are computed here by passes of their own, so that an edit is plain numbers.
 */
import type { Intervention, RunInput } from "@patchbay/contract";
import { checkEdit, type PositionSelection, type SiteEdit } from "@patchbay/transformer";
import { describeSite, nameOf, PatchbayError, parseSite } from "@patchbay/vocabulary";
import { referenceMean, valuesOfOtherRun } from "./borrowed-values.ts";
import { finite, type InterventionContext, type Place, selectedCounts } from "./intervention-context.ts";
import { resolvePosition } from "./positions.ts";

export async function resolveInterventions(
  interventions: readonly Intervention[],
  context: InterventionContext,
): Promise<SiteEdit[]> {
  const edits: SiteEdit[] = [];
  for (const [i, intervention] of interventions.entries()) {
    if (intervention.muted === true) continue;
    try {
      edits.push(...(await resolveOne(intervention, context)));
    } catch (error) {
      throw error instanceof PatchbayError ? error.at(`interventions/${i}`) : error;
    }
  }
  return edits;
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
      return [{ ...place, scale: 1, offset: direction(intervention, place, context) }];
    case "mean":
      return [{ ...place, scale: 0, offset: await referenceMean(intervention.reference?.texts, place, context) }];
    case "replace":
      return intervention.from === undefined
        ? [{ ...place, scale: 0, offset: givenValues(intervention.values, place, context) }]
        : replaceFromOtherRun({ ...intervention, from: intervention.from }, place, context);
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
  const { positions = "all" } = intervention;
  const selection: PositionSelection =
    positions === "all"
      ? "all"
      : positions === "last"
        ? [length - 1]
        : positions === "generated"
          ? { from: length }
          : positions.map((position, i) =>
              position < 0 ? resolvePosition(position, length, `positions/${i}`) : position,
            );
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

function direction(
  intervention: Extract<Intervention, { op: "add" }>,
  place: Place,
  context: InterventionContext,
): number | Float32Array {
  const { value, values, coefficient = 1 } = intervention;
  if ((value === undefined) === (values === undefined)) {
    throw new PatchbayError("invalid-request", "An addition needs a value or values.", {
      expected: "exactly one of value and values",
    });
  }
  if (values === undefined) return finite(value ?? 0);
  const given = givenValues(values, place, context);
  return given.map((each) => each * finite(coefficient));
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
