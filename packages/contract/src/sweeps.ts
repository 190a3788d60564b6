/**
 * Sweeps: one small change of a run at a time (a *cell*), over layers, positions, heads or groups of units, and what each
 * does to one number of the run. Ablation, activation patching, causal tracing and path patching are sweeps.
 */
import { z } from "zod";
import { DictionaryName } from "./dictionaries.ts";
import { Verification, VerifyCount } from "./edge-attributions.ts";
import { Metric } from "./metrics.ts";
import { ModelName, Positions, Token } from "./primitives.ts";
import { RunInput } from "./run-request.ts";
import { Recipe } from "./run-result.ts";

export const SweepSite = z
  .enum([
    "resid_pre",
    "resid_mid",
    "resid_post",
    "attn_out",
    "mlp_out",
    "layer",
    "q",
    "k",
    "v",
    "z",
    "pattern",
    "neurons",
    "features",
  ])
  .describe(
    'What a cell changes. "layer": attention and MLP output of a block together. "z": a head\'s output. "k" and "v" count key-value heads. "features": of `dictionaries`, the error kept.',
  );
export type SweepSite = z.infer<typeof SweepSite>;

export const SweepAxis = z
  .enum(["layer", "position", "head", "key", "group"])
  .describe(
    "What is not an axis is taken together: without position every position at once, without head every head, without layer every listed layer.",
  );
export type SweepAxis = z.infer<typeof SweepAxis>;

export const SweepGroup = z.strictObject({
  name: z.string().min(1).max(200).optional(),
  members: z
    .array(
      z.strictObject({
        layer: z.int().min(0).optional().describe("Of neurons."),
        dictionary: DictionaryName.optional().describe("Of features."),
        units: z.array(z.int().min(0)).min(1).max(4096),
      }),
    )
    .min(1)
    .max(64),
});
export type SweepGroup = z.infer<typeof SweepGroup>;

export const SweepPanel = z
  .strictObject({
    site: SweepSite,
    by: z.array(SweepAxis).max(4).describe("The axes of the picture, slowest first."),
    layers: z.array(z.int().min(0)).min(1).optional().describe("Default all."),
    heads: z.array(z.int().min(0)).min(1).optional().describe("Default all."),
    positions: Positions.optional().describe(
      "Of the run that is changed. Patterns: query positions. Negative ones count from the end. Default all.",
    ),
    keys: Positions.optional().describe("Patterns only: key positions. Default all."),
    dictionaries: z
      .array(DictionaryName)
      .min(1)
      .max(64)
      .optional()
      .describe("Site features without groups: every feature of these, one dictionary a layer."),
    groups: z.array(SweepGroup).min(1).max(4096).optional().describe("Sites neurons and features: the axis group."),
    window: z
      .int()
      .min(1)
      .max(64)
      .optional()
      .describe("A cell takes in this many adjacent layers, centred on its own (cut at the ends); default 1."),
  })
  .describe("One picture: a site and what its axes are.");
export type SweepPanel = z.infer<typeof SweepPanel>;

export const SweepAlignment = z
  .array(z.tuple([z.int().min(0), z.int().min(0)]))
  .describe("[clean position, corrupted position], one to one.");
export type SweepAlignment = z.infer<typeof SweepAlignment>;

export const SweepCorruption = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("prompt"),
    input: RunInput,
    alignment: SweepAlignment.min(1)
      .optional()
      .describe("Default: position by position where the lengths are equal, else the longest common subsequence."),
  }),
  z
    .strictObject({
      kind: z.literal("noise"),
      positions: z.array(z.int()).min(1).optional().describe("Positions whose embeddings are disturbed."),
      text: z.string().min(1).optional().describe("… or the stretch of the prompt that they make up."),
      scale: z
        .number()
        .min(0)
        .optional()
        .describe("Standard deviation of the noise in those of the token embedding's entries; default 3."),
      samples: z.int().min(1).max(256).optional().describe("Default 10."),
      seed: z.int().min(0).optional().describe("Default 0."),
    })
    .describe("Causal tracing (Meng et al. 2022): Gaussian noise on the embeddings of chosen tokens."),
]);
export type SweepCorruption = z.infer<typeof SweepCorruption>;

export const SweepReceiver = z.strictObject({
  site: z.enum(["q", "k", "v", "mlp_in", "logits"]),
  layer: z.int().min(0).optional(),
  head: z.int().min(0).optional().describe("Of q (heads), k and v (key-value heads); default all."),
});
export type SweepReceiver = z.infer<typeof SweepReceiver>;

export const SweepMethod = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("ablation"),
    how: z
      .enum(["zero", "mean", "resample"])
      .describe(
        '"mean": over all positions after BOS of the reference texts. "resample": values of another reference text, drawn at random, at the same position (a random one where it is shorter).',
      ),
    reference: z
      .strictObject({ texts: z.array(z.string().min(1)).min(1).max(256) })
      .optional()
      .describe("Default: the model's reference texts."),
    samples: z.int().min(1).max(256).optional().describe("Of resample; default 10."),
    seed: z.int().min(0).optional().describe("Default 0."),
    greedy: z
      .strictObject({
        steps: z.int().min(1).max(4096),
        order: z
          .enum(["least", "most"])
          .optional()
          .describe(
            "Each step removes what leaves the metric nearest to the clean one (default) or farthest from it, given what is gone already.",
          ),
      })
      .optional(),
  }),
  z.strictObject({
    kind: z.literal("patching"),
    direction: z
      .enum(["denoise", "noise"])
      .describe('"denoise": the corrupted run with clean values put in; "noise": the clean run with corrupted ones.'),
  }),
  z
    .strictObject({
      kind: z.literal("path"),
      receivers: z.array(SweepReceiver).min(1).max(256),
      mlps: z
        .enum(["freeze", "recompute"])
        .optional()
        .describe("MLPs between sender and receiver; attention between them is always frozen. Default recompute."),
    })
    .describe(
      "Path patching (Wang et al. 2022): the panels' cells are senders (z, attn_out, mlp_out) with their corrupted values in the clean run, and only what reaches the receivers acts.",
    ),
]);
export type SweepMethod = z.infer<typeof SweepMethod>;

export const SweepExample = z.strictObject({
  input: RunInput,
  corrupted: SweepCorruption.optional(),
  metric: Metric.optional().describe("Its own tokens; default the request's metric."),
});
export type SweepExample = z.infer<typeof SweepExample>;

export const SweepEstimate = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("gradient") }),
    z
      .strictObject({
        kind: z.literal("integrated-gradients"),
        steps: z.int().min(1).max(100).optional().describe("Default 8."),
      })
      .describe(
        "Mean gradient while the input embedding goes from the changed run's to the other's (midpoint rule). Patching of prompts that line up position by position.",
      ),
  ])
  .describe(
    "Attribution patching (Nanda 2023; Syed et al. 2023): a cell is Σ (value put in − own value) · gradient instead of a run. Where a cell takes in several layers, what one does through the next is counted twice.",
  );
export type SweepEstimate = z.infer<typeof SweepEstimate>;

export const SweepRequest = z
  .strictObject({
    model: ModelName,
    input: RunInput.describe("The clean prompt; one row."),
    corrupted: SweepCorruption.optional().describe("Needed by patching and path."),
    examples: z.array(SweepExample).min(1).max(1024).optional().describe("Further prompts: results become means."),
    method: SweepMethod,
    panels: z.array(SweepPanel).min(1).max(32),
    metric: Metric,
    cells: z
      .array(z.strictObject({ panel: z.int().min(0), indices: z.array(z.int().min(0)).max(4) }))
      .min(1)
      .max(100_000)
      .optional()
      .describe("Only these cells (an index on each axis of the panel); the others stay null."),
    estimate: SweepEstimate.optional(),
    verify: VerifyCount.optional().describe("With estimate: cells that are also run exactly; default 0."),
  })
  .describe("What is changed, cell by cell, and the number that is read.");
export type SweepRequest = z.infer<typeof SweepRequest>;

const Values = z.array(z.number().nullable()).describe("Row-major over the axes; null: not computed.");

export const SweepAxisValues = z.object({
  name: SweepAxis,
  values: z.array(z.int()).describe("Layers, positions, heads, keys; groups by their index."),
  labels: z.array(z.string()),
});
export type SweepAxisValues = z.infer<typeof SweepAxisValues>;

export const SweepPanelStart = z.object({ site: SweepSite, axes: z.array(SweepAxisValues) });
export type SweepPanelStart = z.infer<typeof SweepPanelStart>;

export const SweepPanelResult = SweepPanelStart.extend({
  raw: Values.describe("The metric of the changed run."),
  normalised: Values.describe(
    "Patching and path: (value − corrupted) / (clean − corrupted). Ablation: value − clean. null where it does not exist.",
  ),
  interval: z
    .object({ low: Values, high: Values })
    .nullable()
    .describe("95 % interval of raw (Student's t) over examples, or over samples where there is one example."),
});
export type SweepPanelResult = z.infer<typeof SweepPanelResult>;

export const SweepBaselines = z.object({
  clean: z.number(),
  corrupted: z.number().nullable().describe("Mean over samples and examples."),
});
export type SweepBaselines = z.infer<typeof SweepBaselines>;

export const SweepStart = z
  .object({
    kind: z.literal("start"),
    panels: z.array(SweepPanelStart),
    baselines: SweepBaselines.describe("Of the first example."),
    tokens: z.object({ clean: z.array(Token), corrupted: z.array(Token).nullable() }),
    alignment: SweepAlignment.nullable(),
    metric: z.string().describe("In words."),
  })
  .describe("The first event of a sweep.");
export type SweepStart = z.infer<typeof SweepStart>;

export const SweepCells = z
  .object({
    kind: z.literal("cells"),
    panel: z.int(),
    indices: z.array(z.int()).describe("Places in raw."),
    raw: z.array(z.number()).describe("Means over the samples and examples that are done."),
    normalised: z.array(z.number().nullable()),
  })
  .describe("Cells as they are computed.");
export type SweepCells = z.infer<typeof SweepCells>;

export const SweepGreedyStep = z.object({
  kind: z.literal("step"),
  step: z.int(),
  panel: z.int(),
  index: z.int().describe("Place in raw."),
  label: z.string(),
  raw: z.number().describe("The metric when this and all before it are gone."),
});
export type SweepGreedyStep = z.infer<typeof SweepGreedyStep>;

export const SweepEvent = z.discriminatedUnion("kind", [SweepStart, SweepCells, SweepGreedyStep]);
export type SweepEvent = z.infer<typeof SweepEvent>;

export const SweepCost = z.object({
  cells: z.int(),
  unchanged: z.int().describe("Cells whose effect is none by proof: nothing that the metric reads is changed."),
  rows: z.int().describe("Changed runs that were computed."),
  passes: z.int().describe("Graphs run."),
  blockTokens: z.int().describe("Tokens sent through blocks."),
  blockTokensFromScratch: z.int().describe("… if every cell were a run of its own."),
  seconds: z.number(),
});
export type SweepCost = z.infer<typeof SweepCost>;

export const SweepResult = z
  .object({
    panels: z.array(SweepPanelResult),
    baselines: SweepBaselines,
    metric: z.string(),
    tokens: z.object({ clean: z.array(Token), corrupted: z.array(Token).nullable() }).describe("Of the first example."),
    alignment: SweepAlignment.nullable(),
    examples: z.int(),
    samples: z.int(),
    reference: z.array(z.string()).nullable().describe("The texts that mean and resample took values from."),
    greedy: z.array(SweepGreedyStep).nullable(),
    warnings: z.array(z.string()),
    verification: Verification.nullable().optional().describe("Of estimates; changes of the metric."),
    cost: SweepCost,
    recipe: Recipe,
  })
  .describe("The metric of every cell.");
export type SweepResult = z.infer<typeof SweepResult>;
