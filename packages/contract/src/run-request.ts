/** A run: *how to run* (model, input, interventions) and *what to compute* from the one pass. */
import { z } from "zod";
import { DictionaryName } from "./dictionaries.ts";
import { FeatureQuery } from "./features.ts";
import { ModelName, Positions, TokenReference } from "./primitives.ts";

export const RunInput = z
  .strictObject({
    text: z.string().optional().describe("The prompt. Give either text or tokens."),
    tokens: z
      .array(z.array(z.int().min(0)).min(1))
      .min(1)
      .optional()
      .describe("A batch of token ids, used exactly as given (no BOS is added)."),
    prependBos: z.boolean().optional().describe("Applies to text. Default: the model's own recipe."),
  })
  .refine((input) => (input.text === undefined) !== (input.tokens === undefined), {
    message: "Give exactly one of text and tokens.",
  });
export type RunInput = z.infer<typeof RunInput>;

export const InterventionPositions = z
  .union([z.literal("all"), z.literal("last"), z.literal("generated"), z.array(z.int()).min(1)])
  .describe(
    '"all" (generated ones included), "last" (of the prompt), "generated" (only positions made by generation), or indices.',
  );

const Place = {
  site: z
    .string()
    .describe(
      "A hook site (blocks.2.mlp.hook_post), or the name of a dictionary: then units are its features, and the ops set, add (value), scale, zero and splice apply.",
    ),
  rows: z.array(z.int().min(0)).min(1).optional().describe("Rows of the batch; default all."),
  positions: InterventionPositions.optional().describe(
    'Default "all". For attention patterns and scores: the query positions.',
  ),
  units: z
    .array(z.int().min(0))
    .min(1)
    .optional()
    .describe("Neurons, heads or residual dimensions, by site; default all."),
  heads: z.array(z.int().min(0)).min(1).optional().describe("The same as units, for sites with heads."),
  dimensions: z
    .array(z.int().min(0))
    .min(1)
    .optional()
    .describe("Inside a unit: a head's dimensions, or the key positions of a pattern."),
  muted: z.boolean().optional().describe("Kept in the list but not applied."),
  error: z
    .enum(["keep", "drop", "freeze"])
    .optional()
    .describe(
      'Dictionaries only. With f the features, f′ the edited ones, x the value at the output site, e = x − decode(f): "keep" (default) x + (f′ − f)·W_dec, which keeps e of this run; "drop" decode(f′); "freeze" decode(f′) + e of the run without any intervention.',
    ),
};

const InterventionSource = z.strictObject({
  input: RunInput,
  interventions: z.array(z.lazy((): z.ZodType => SourceIntervention)).optional(),
});

const set = z.strictObject({
  ...Place,
  op: z.literal("set"),
  value: z.number(),
  unit: z
    .enum(["absolute", "maximum"])
    .optional()
    .describe(
      '"maximum": value is a multiple of the unit\'s maximum on the reference text (neurons: mlp.hook_post) or in the unit index (features).',
    ),
});
const add = z.strictObject({
  ...Place,
  op: z.literal("add"),
  value: z.number().optional(),
  values: z
    .array(z.number())
    .min(1)
    .optional()
    .describe("A direction, one value for each selected unit and dimension."),
  direction: z
    .strictObject({
      dictionary: DictionaryName,
      feature: z.int().min(0),
      vector: z.enum(["decoder", "encoder"]).optional().describe("Default decoder."),
    })
    .optional()
    .describe("Steering: a feature's vector in place of values, at any site of its width."),
  coefficient: z.number().optional().describe("Multiplies values or direction; default 1."),
});
const scale = z.strictObject({ ...Place, op: z.literal("scale"), value: z.number() });
const zero = z.strictObject({ ...Place, op: z.literal("zero") });
const splice = z
  .strictObject({ ...Place, op: z.literal("splice") })
  .describe(
    "Replaces the output site by the dictionary's output (error: drop is the default here), or adds its error back.",
  );
const mean = z.strictObject({
  ...Place,
  op: z.literal("mean"),
  reference: z
    .strictObject({ texts: z.array(z.string().min(1)).min(1) })
    .optional()
    .describe("Texts whose activations are averaged over all positions after BOS. Default: the run's own input."),
});
const replace = z.strictObject({
  ...Place,
  op: z.literal("replace"),
  values: z
    .array(z.number())
    .min(1)
    .optional()
    .describe("Row-major over the selected positions × units × dimensions; the same for every row."),
  from: InterventionSource.optional().describe("Another run whose values at the same site are taken."),
  fromPositions: z
    .array(z.int())
    .min(1)
    .optional()
    .describe("Positions in the other run, one for each position here. Default: the same positions."),
});
const SourceIntervention = z.discriminatedUnion("op", [set, add, scale, zero, splice]);

export const Intervention = z
  .discriminatedUnion("op", [set, add, scale, zero, splice, mean, replace])
  .describe("One edit of one site. Several are applied in the order written.");
export type Intervention = z.infer<typeof Intervention>;

export const LogitsQuery = z.strictObject({
  positions: Positions.optional().describe("Default last."),
  top: z.int().min(1).max(1000).optional().describe("Default 10."),
  tokens: z.array(TokenReference).max(64).optional().describe("Tokens whose logit, probability and rank are wanted."),
  full: z.boolean().optional().describe("Also the whole logits tensor."),
});

export const LensQuery = z.strictObject({
  sites: z
    .array(z.string())
    .min(1)
    .optional()
    .describe(
      'Residual sites: full names, or "resid_pre", "resid_mid", "resid_post" for every layer. Default: the embedding and resid_post of every layer.',
    ),
  positions: Positions.optional().describe("Default all."),
  top: z.int().min(1).max(50).optional().describe("Default 5."),
  norm: z
    .enum(["final", "none"])
    .optional()
    .describe(
      '"final" applies the model\'s final norm (default); "none" reads the raw stream. The lens applies the norm as it is: interventions at ln_final sites change the logits, not the lens.',
    ),
  tokens: z.array(TokenReference).max(16).optional().describe("Tokens to follow through depth."),
});

export const CaptureQuery = z.strictObject({
  site: z.string(),
  positions: Positions.optional(),
  units: z.array(z.int().min(0)).min(1).optional(),
});

export const LedgerQuery = z.strictObject({
  layer: z.int().min(0),
  position: z.int(),
  row: z.int().min(0).optional(),
  top: z.int().min(1).max(200).optional().describe("Default 10."),
  tokens: z.int().min(1).max(50).optional().describe("Tokens listed on each side of an update; default 5."),
});

export const AttributionQuery = z.strictObject({
  target: z.strictObject({
    token: TokenReference,
    minus: TokenReference.optional().describe("With it the target is the logit difference token − minus."),
  }),
  position: z.int().optional().describe("Default -1."),
  row: z.int().min(0).optional(),
  neurons: z
    .int()
    .min(0)
    .max(1000)
    .optional()
    .describe("How many single neurons to list, by absolute share; default 0."),
});

export const ComputeQuery = z
  .strictObject({
    logits: LogitsQuery.optional(),
    lens: LensQuery.optional(),
    capture: z.array(CaptureQuery).max(256).optional(),
    ledger: LedgerQuery.optional(),
    attribution: AttributionQuery.optional(),
    features: z.array(FeatureQuery).max(64).optional(),
  })
  .describe("What to compute; everything shares one pass.");

export const RunRequest = z
  .strictObject({
    model: ModelName,
    input: RunInput,
    interventions: z.array(Intervention).max(4096).optional(),
    compute: ComputeQuery.optional().describe("Default: logits of the last position."),
  })
  .describe("How to run, and what to compute from the run.");
export type RunRequest = z.infer<typeof RunRequest>;
export type LogitsQuery = z.infer<typeof LogitsQuery>;
export type LensQuery = z.infer<typeof LensQuery>;
export type CaptureQuery = z.infer<typeof CaptureQuery>;
export type LedgerQuery = z.infer<typeof LedgerQuery>;
export type AttributionQuery = z.infer<typeof AttributionQuery>;
export type ComputeQuery = z.infer<typeof ComputeQuery>;
