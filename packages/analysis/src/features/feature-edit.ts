/** An intervention on dictionary features, checked against its dictionary but not yet turned into numbers of a site. */
import type { Intervention } from "@patchbay/contract";
import type { Dictionary } from "@patchbay/dictionary";
import type { PositionSelection, SiteEdit } from "@patchbay/transformer";
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";

/** What becomes of the error e = x − decode(f): see the contract's `error`. */
export type ErrorMode = "keep" | "drop" | "freeze";

export interface FeatureEdit {
  readonly kind: "feature";
  readonly dictionary: Dictionary;
  /** A cross-layer transcoder is spliced as a whole set, in the order of layers; else just the dictionary. */
  readonly members: readonly Dictionary[];
  readonly rows: "all" | readonly number[];
  readonly positions: PositionSelection;
  /** f′ = f·scale + offset, of these; "all" needs offset 0. Empty: a plain splice. */
  readonly features: "all" | readonly number[];
  readonly scale: number;
  /** One for each feature. */
  readonly offsets: readonly number[];
  readonly error: ErrorMode;
}

export interface SiteItem {
  readonly kind: "site";
  readonly edits: readonly SiteEdit[];
}

export type InterventionItem = SiteItem | FeatureEdit;

export interface FeatureEditContext {
  readonly dictionary: Dictionary;
  setMembers(set: string): Promise<readonly Dictionary[]>;
  /** Largest activation in the unit index. @throws PatchbayError `not-ready` */
  maximumOf(feature: number): Promise<number>;
  readonly rows: number;
}

export async function featureEdit(
  intervention: Intervention,
  positions: PositionSelection,
  context: FeatureEditContext,
): Promise<FeatureEdit> {
  const { dictionary } = context;
  const { spec } = dictionary;
  const features = intervention.units;
  checkPlace(intervention, dictionary, context.rows);
  const base = {
    kind: "feature",
    dictionary,
    members: [dictionary],
    rows: intervention.rows ?? "all",
    positions,
    error: intervention.error ?? "keep",
  } as const;
  const crossLayer = spec.kind === "cross-layer-transcoder";
  if (crossLayer && intervention.op !== "splice" && base.error !== "keep") {
    throw new PatchbayError("invalid-request", "The error of one layer of a cross-layer transcoder is not its own.", {
      expected: 'error "keep", or a splice of the whole set',
      at: "error",
    });
  }
  switch (intervention.op) {
    case "splice":
      return {
        ...base,
        error: intervention.error ?? "drop",
        members: crossLayer ? await wholeSet(context) : [dictionary],
        features: [],
        scale: 1,
        offsets: [],
      };
    case "zero":
      return { ...base, features: features ?? "all", scale: 0, offsets: (features ?? []).map(() => 0) };
    case "scale":
      return {
        ...base,
        features: features ?? "all",
        scale: finite(intervention.value),
        offsets: (features ?? []).map(() => 0),
      };
    case "set": {
      const named = needFeatures(features, dictionary);
      const offsets = await Promise.all(
        named.map(async (feature) =>
          intervention.unit === "maximum"
            ? finite(intervention.value) * (await context.maximumOf(feature))
            : finite(intervention.value),
        ),
      );
      return { ...base, features: named, scale: 0, offsets };
    }
    case "add": {
      const named = needFeatures(features, dictionary);
      if (
        intervention.value === undefined ||
        intervention.values !== undefined ||
        intervention.direction !== undefined
      ) {
        throw new PatchbayError("invalid-request", "An addition to features needs a value.", { expected: "value" });
      }
      const value = finite(intervention.value);
      return { ...base, features: named, scale: 1, offsets: named.map(() => value) };
    }
    default:
      throw new PatchbayError("invalid-request", `"${intervention.op}" does not apply to features.`, {
        expected: "set, add, scale, zero or splice",
        received: intervention.op,
        at: "op",
      });
  }
}

function checkPlace(intervention: Intervention, { spec }: Dictionary, rows: number): void {
  if (intervention.heads !== undefined || intervention.dimensions !== undefined) {
    throw new PatchbayError("invalid-request", "Features have neither heads nor dimensions.", { expected: "units" });
  }
  const wrong = intervention.units?.find((feature) => feature >= spec.features);
  if (wrong !== undefined) {
    throw new PatchbayError("unit-out-of-range", `"${spec.name}" has no feature ${wrong}.`, {
      expected: `0 to ${spec.features - 1}`,
      received: String(wrong),
      at: "units",
    });
  }
  const row = intervention.rows?.find((each) => each >= rows);
  if (row !== undefined) {
    throw new PatchbayError("row-out-of-range", `There is no row ${row}.`, {
      expected: `0 to ${rows - 1}`,
      received: String(row),
      at: "rows",
    });
  }
}

function needFeatures(features: readonly number[] | undefined, { spec }: Dictionary): readonly number[] {
  if (features !== undefined) return features;
  throw new PatchbayError("invalid-request", `Which features of "${spec.name}" is not said.`, {
    expected: "units: a list of feature numbers",
    at: "units",
  });
}

async function wholeSet({ dictionary, setMembers }: FeatureEditContext): Promise<readonly Dictionary[]> {
  const { set, name } = dictionary.spec;
  if (set === null) return [dictionary];
  const members = await setMembers(set);
  return members.some(({ spec }) => spec.name === name) ? members : [ensureDefined(dictionary)];
}

function finite(value: number): number {
  if (Number.isFinite(Math.fround(value))) return value;
  throw new PatchbayError("not-finite", "The value is not a finite float32 number.", {
    received: String(value),
    at: "value",
  });
}
