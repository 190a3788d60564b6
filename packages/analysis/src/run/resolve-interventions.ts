/**
 * From interventions as people write them to edits of sites. Values that come from elsewhere (another run, a mean over a
 * reference) are computed here by passes of their own, so that an edit is plain numbers.
 */
import type { Intervention, RunInput } from "@patchbay/contract";
import { checkEdit, type Engine, type PositionSelection, type SiteEdit } from "@patchbay/transformer";
import {
  axisIndex,
  describeSite,
  nameOf,
  PatchbayError,
  parseSite,
  type Site,
  type Tensor,
} from "@patchbay/vocabulary";
import { resolvePosition } from "./positions.ts";
import type { ResolvedInput } from "./resolve-input.ts";

export interface InterventionContext {
  readonly engine: Engine;
  readonly input: ResolvedInput;
  /** Positions that may be generated behind the prompt. */
  readonly generated: number;
  readonly resolveInput: (input: RunInput) => ResolvedInput;
  /** Largest activation of a neuron on the reference text, if it has been measured. */
  readonly maximumOf: (layer: number, neuron: number) => Promise<number>;
  readonly signal: AbortSignal;
}

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

type Place = Pick<SiteEdit, "site" | "rows" | "positions" | "units" | "dimensions">;

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
        : valuesOfOtherRun({ ...intervention, from: intervention.from }, place, context);
  }
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
  const { unitAxis } = describeSite(site.kind);
  if (intervention.heads !== undefined && unitAxis !== "head" && unitAxis !== "key_value_head") {
    throw new PatchbayError("invalid-request", `"${nameOf(site)}" has no heads.`, { expected: `units (${unitAxis})` });
  }
  return {
    site,
    rows: intervention.rows ?? "all",
    positions: selection,
    units: intervention.units ?? intervention.heads ?? "all",
    dimensions: intervention.dimensions ?? "all",
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

function selectedCounts(place: Place, { engine, input }: InterventionContext) {
  const { axes, unitAxis, detailAxis } = describeSite(place.site.kind);
  const { shape } = engine.model;
  const length = (axis: string | undefined): number => {
    switch (axis) {
      case "residual":
        return shape.residualWidth;
      case "neuron":
        return shape.neurons;
      case "head":
        return shape.heads;
      case "key_value_head":
        return shape.keyValueHeads;
      case "head_dimension":
        return shape.headWidth;
      case "key":
        return input.length;
      default:
        return 1;
    }
  };
  const positions =
    place.positions === "all" ? input.length : Array.isArray(place.positions) ? place.positions.length : undefined;
  return {
    axes,
    positions,
    units: place.units === "all" ? length(unitAxis) : place.units.length,
    dimensions: place.dimensions === "all" ? length(detailAxis) : place.dimensions.length,
  };
}

/** Mean over all rows and positions after BOS of the reference; one value per unit and dimension. */
async function referenceMean(
  texts: readonly string[] | undefined,
  place: Place,
  context: InterventionContext,
): Promise<Float32Array> {
  const { axes } = describeSite(place.site.kind);
  if (!(axes as readonly string[]).includes("position")) {
    throw new PatchbayError("invalid-request", `A mean over positions is not defined at "${nameOf(place.site)}".`, {
      expected: "a site with a position axis",
    });
  }
  const inputs = texts === undefined ? [context.input] : texts.map((text) => context.resolveInput({ text }));
  let sums: Float64Array | undefined;
  let count = 0;
  for (const input of inputs) {
    const first = input.bosPrepended && input.length > 1 ? 1 : 0;
    const positions = Array.from({ length: input.length - first }, (_, i) => first + i);
    const value = await readSite(place.site, input, positions, [], context);
    for (let row = 0; row < input.tokens.length; row++) {
      const picked = pick(
        value,
        row,
        positions.map((_, i) => i),
        place,
      );
      const width = picked.length / positions.length;
      sums ??= new Float64Array(width);
      for (let i = 0; i < picked.length; i++) sums[i % width] = (sums[i % width] ?? 0) + (picked[i] ?? 0);
      count += positions.length;
    }
  }
  return Float32Array.from(sums ?? [], (sum) => sum / count);
}

async function valuesOfOtherRun(
  intervention: Extract<Intervention, { op: "replace" }> & {
    from: { input: RunInput; interventions?: unknown[] | undefined };
  },
  place: Place,
  context: InterventionContext,
): Promise<SiteEdit[]> {
  if (intervention.values !== undefined) {
    throw new PatchbayError("invalid-request", "A replacement has two sources.", {
      expected: "exactly one of values and from",
    });
  }
  const source = context.resolveInput(intervention.from.input);
  const sourceContext = { ...context, input: source, generated: 0 };
  const sourceEdits = await resolveInterventions(
    (intervention.from.interventions ?? []) as Intervention[],
    sourceContext,
  );

  const here =
    place.positions === "all"
      ? Array.from({ length: context.input.length }, (_, i) => i)
      : Array.isArray(place.positions)
        ? (place.positions as readonly number[])
        : undefined;
  if (here === undefined) {
    throw new PatchbayError("invalid-request", "Values of another run cannot go to positions that do not exist yet.", {
      expected: 'positions "all", "last" or indices',
      received: '"generated"',
    });
  }
  const there = (intervention.fromPositions ?? here).map((position, i) =>
    resolvePosition(position, source.length, `fromPositions/${i}`),
  );
  if (there.length !== here.length) {
    throw new PatchbayError("values-do-not-fit", "The two runs do not line up.", {
      expected: `${here.length} positions of the other run`,
      received: String(there.length),
      advice: "Give fromPositions, one for each position here.",
    });
  }
  const value = await readSite(place.site, source, there, sourceEdits, sourceContext);
  const rows = place.rows === "all" ? context.input.tokens.map((_, row) => row) : place.rows;
  return rows.map((row) => ({
    ...place,
    rows: [row],
    positions: here,
    scale: 0,
    offset: pick(
      value,
      Math.min(row, source.tokens.length - 1),
      there.map((_, i) => i),
      place,
    ),
  }));
}

async function readSite(
  site: Site,
  input: ResolvedInput,
  positions: readonly number[],
  edits: readonly SiteEdit[],
  { engine, signal }: InterventionContext,
): Promise<Tensor> {
  if (describeSite(site.kind).stage === "unembed") {
    const { residual } = await engine.forward({ tokens: input.tokens, edits, signal });
    const all = Array.from({ length: input.length }, (_, i) => i);
    const { reads } = await engine.unembed({ residual, positions: all, edits, reads: [{ site, positions }], signal });
    return reads[0] as Tensor;
  }
  const until = site.layer === undefined ? 0 : site.layer + 1;
  const { reads } = await engine.forward({ tokens: input.tokens, edits, reads: [{ site, positions }], until, signal });
  return reads[0] as Tensor;
}

/** One row's values at positions × selected units × selected dimensions, in that order whatever the tensor's axes. */
function pick(value: Tensor, row: number, positions: readonly number[], place: Place): Float32Array {
  const { axes, positionAxis, unitAxis, detailAxis } = describeSite(place.site.kind);
  const stride = (axis: string) => value.shape.slice(axisIndex(value, axis) + 1).reduce((a, b) => a * b, 1);
  const all = (axis: string) =>
    Array.from({ length: value.shape[(axes as readonly string[]).indexOf(axis)] ?? 0 }, (_, i) => i);
  const units = place.units === "all" ? all(unitAxis) : place.units;
  const details = detailAxis === undefined ? [0] : place.dimensions === "all" ? all(detailAxis) : place.dimensions;
  const detailStride = detailAxis === undefined ? 0 : stride(detailAxis);
  const result = new Float32Array(positions.length * units.length * details.length);
  let i = 0;
  for (const position of positions) {
    for (const unit of units) {
      for (const detail of details) {
        const at =
          row * stride("batch") + position * stride(positionAxis) + unit * stride(unitAxis) + detail * detailStride;
        result[i++] = value.data[at] ?? 0;
      }
    }
  }
  return result;
}

function finite(value: number): number {
  if (Number.isFinite(Math.fround(value))) return value;
  throw new PatchbayError("not-finite", "The value is not a finite float32 number.", {
    received: String(value),
    at: "value",
  });
}
