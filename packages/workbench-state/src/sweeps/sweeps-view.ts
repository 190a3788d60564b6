/** Everything that decides what the Sweeps room asks and shows; small enough to live in the address. */
import type { Metric, SweepAxis, SweepSite } from "@patchbay/contract";

export const SWEEP_QUESTIONS = ["sweep", "edges", "tokens"] as const;
export type SweepQuestionKind = (typeof SWEEP_QUESTIONS)[number];

/** "noise" is causal tracing: patching between a prompt and itself with disturbed embeddings. */
export const SWEEP_SETUPS = ["patching", "noise", "ablation", "path"] as const;
export type SweepSetup = (typeof SWEEP_SETUPS)[number];

export const SWEEP_SITES = [
  "resid_pre",
  "resid_mid",
  "resid_post",
  "attn_out",
  "mlp_out",
  "layer",
  "z",
  "q",
  "k",
  "v",
  "pattern",
  "neurons",
  "features",
] as const satisfies readonly SweepSite[];

/** "effect": the metric less that of the run that is changed, so that 0 is "nothing happened". */
export const SWEEP_SCALES = ["normalised", "effect", "raw"] as const;
export type SweepScale = (typeof SWEEP_SCALES)[number];

/** One picture as a person writes it: the site, its axes, how many adjacent layers a cell takes in, its groups of units. */
export interface PanelChoice {
  readonly site: SweepSite;
  /** Slowest first. */
  readonly by: readonly SweepAxis[];
  readonly window: number;
  /** `L2: 5, 7-9; L3: 1` — a group a part; of features a dictionary's name in place of the layer. Empty: none. */
  readonly groups: string;
}

export interface SweepsView {
  /** Undefined: the bundled model. */
  readonly model: string | undefined;
  readonly question: SweepQuestionKind;
  readonly prompt: string;
  readonly corrupted: string;
  /** Undefined: as the model's recipe says. */
  readonly prependBos: boolean | undefined;
  readonly setup: SweepSetup;
  readonly direction: "denoise" | "noise";
  /** [clean, corrupted] positions. Undefined: automatic. */
  readonly alignment: readonly (readonly [number, number])[] | undefined;
  readonly noise: { readonly positions: readonly number[]; readonly scale: number; readonly samples: number };
  readonly ablation: {
    readonly how: "zero" | "mean" | "resample";
    /** Steps of greedy ablation; 0: one cell at a time. */
    readonly greedy: number;
    readonly order: "least" | "most";
  };
  /** `q:L3.H2, logits`: where a path ends. */
  readonly receivers: string;
  readonly mlps: "freeze" | "recompute";
  readonly metric: Metric;
  readonly panels: readonly PanelChoice[];
  /** Further prompts, one a line; a tab before the corrupted one. */
  readonly examples: string;
  readonly estimate: "exact" | "gradient" | "integrated-gradients";
  readonly verify: number;
  readonly edges: {
    readonly method: "gradient" | "integrated-gradients" | "clean-corrupted";
    readonly steps: number;
    /** Sizes of circuits, in edges. */
    readonly circuits: readonly number[];
  };
  readonly tokens: {
    readonly method: "gradient-times-input" | "integrated-gradients";
    readonly steps: number;
    readonly baseline: "zero" | "mean-embedding" | "prompt";
  };
  readonly scale: SweepScale;
  readonly form: "map" | "table";
  /** The chosen cell: its panel and its place in the panel's values. */
  readonly cell: { readonly panel: number; readonly index: number } | undefined;
  /** Whether the question has been asked: a reload and a link ask it again. */
  readonly asked: boolean;
}

export const FIRST_SWEEPS_VIEW: SweepsView = {
  model: undefined,
  question: "sweep",
  prompt: "One day, Tom and Lily went to the park. Tom gave a ball to",
  corrupted: "One day, Lily and Tom went to the park. Lily gave a ball to",
  prependBos: undefined,
  setup: "patching",
  direction: "denoise",
  alignment: undefined,
  noise: { positions: [], scale: 3, samples: 10 },
  ablation: { how: "mean", greedy: 0, order: "least" },
  receivers: "logits",
  mlps: "recompute",
  metric: { kind: "logit-difference", token: " L", minus: " Tom" },
  panels: [
    { site: "resid_pre", by: ["layer", "position"], window: 1, groups: "" },
    { site: "z", by: ["layer", "head"], window: 1, groups: "" },
  ],
  examples: "",
  estimate: "exact",
  verify: 10,
  edges: { method: "integrated-gradients", steps: 5, circuits: [10, 30, 100, 300, 1000] },
  tokens: { method: "integrated-gradients", steps: 32, baseline: "mean-embedding" },
  scale: "normalised",
  form: "map",
  cell: undefined,
  asked: false,
};

/** Edges pair positions by number, so their first example has names of one token each. */
export const EVEN_EXAMPLE = {
  prompt: "One day, Tom and Sue went to the park. Tom gave a ball to",
  corrupted: "One day, Sue and Tom went to the park. Sue gave a ball to",
  metric: { kind: "logit-difference", token: " Sue", minus: " Tom" },
} as const satisfies Partial<SweepsView>;

/** Another question of the same prompts; a first visit's example becomes one that the question can be asked of. */
export function withQuestion(view: SweepsView, question: SweepQuestionKind): Partial<SweepsView> {
  const isFirst = view.prompt === FIRST_SWEEPS_VIEW.prompt && view.corrupted === FIRST_SWEEPS_VIEW.corrupted;
  return { question, ...(question === "edges" && isFirst ? { ...EVEN_EXAMPLE, alignment: undefined } : {}) };
}

/** The axes that a site's cells can have, slowest first. */
export function axesOfSite(site: SweepSite): readonly SweepAxis[] {
  switch (site) {
    case "q":
    case "k":
    case "v":
    case "z":
      return ["layer", "head", "position"];
    case "pattern":
      return ["layer", "head", "position", "key"];
    case "neurons":
    case "features":
      return ["group", "position"];
    default:
      return ["layer", "position"];
  }
}

/** What a site is when it is first chosen: the picture that is usually drawn of it. `groups`: of neurons and features. */
export function usualPanel(site: SweepSite, groups = ""): PanelChoice {
  const axes = axesOfSite(site);
  const by: readonly SweepAxis[] = axes.includes("head")
    ? ["layer", "head"]
    : axes.includes("group")
      ? ["group"]
      : axes;
  return { site, by, window: 1, groups: axes.includes("group") ? groups : "" };
}

/** The neurons of a layer in four equal groups, as people write them. */
export function quarterGroups(layer: number, neurons: number): string {
  const cut = (quarter: number) => Math.round((quarter * neurons) / 4);
  return [0, 1, 2, 3]
    .filter((quarter) => cut(quarter + 1) > cut(quarter))
    .map((quarter) => `L${layer}: ${cut(quarter)}-${cut(quarter + 1) - 1}`)
    .join("; ");
}
