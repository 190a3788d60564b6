/** The training form as text, and the request that it means: one target for each layer and seed. */
import type { ModelSummary, TrainingRequest, TrainingSparsity, TrainingTarget } from "@patchbay/contract";
import { parseSite, type SiteKind, siteName } from "@patchbay/vocabulary";

export interface TrainingForm {
  readonly name: string;
  readonly kind: TrainingTarget["kind"];
  readonly inputSite: SiteKind;
  readonly outputSite: SiteKind;
  readonly layers: readonly number[];
  readonly features: string;
  readonly sparsity: TrainingSparsity["kind"];
  readonly k: string;
  readonly coefficient: string;
  readonly seeds: string;
  readonly corpus: "samples" | "file";
  readonly path: string;
  readonly tokens: string;
  readonly batch: string;
  readonly learningRate: string;
  readonly warmup: string;
  readonly decay: string;
  readonly reviveAfter: string;
  readonly evaluationTokens: string;
}

/** Widths as multiples of what the site carries that are ordinary for so small a budget. */
const USUAL_EXPANSION = 8;

/** Sites of the residual width that people train on; the list of a transcoder's inputs comes first in it. */
export const TRAINING_SITES = [
  "hook_resid_pre",
  "hook_resid_mid",
  "hook_resid_post",
  "ln2.hook_normalized",
  "hook_attn_out",
  "hook_mlp_out",
  "mlp.hook_post",
] as const satisfies readonly SiteKind[];

export function usualTraining(model: Pick<ModelSummary, "layers" | "residualWidth">): TrainingForm {
  return {
    name: "",
    kind: "transcoder",
    inputSite: "ln2.hook_normalized",
    outputSite: "hook_mlp_out",
    layers: [Math.floor(model.layers / 2)],
    features: String(USUAL_EXPANSION * model.residualWidth),
    sparsity: "topk",
    k: "32",
    coefficient: "0.001",
    seeds: "0",
    corpus: "samples",
    path: "",
    tokens: "2,000,000",
    batch: "",
    learningRate: "",
    warmup: "",
    decay: "",
    reviveAfter: "",
    evaluationTokens: "",
  };
}

/** Sites change with the kind: an SAE has one, a transcoder goes from what the MLP reads to what it writes. */
export function withKind(form: TrainingForm, kind: TrainingForm["kind"]): TrainingForm {
  if ((kind === "sae") === (form.kind === "sae")) return { ...form, kind };
  return kind === "sae"
    ? { ...form, kind, inputSite: "hook_resid_post" }
    : { ...form, kind, inputSite: "ln2.hook_normalized", outputSite: "hook_mlp_out" };
}

export type TrainingProblems = Partial<Record<keyof TrainingForm, string>>;

export interface ReadTraining {
  readonly request: TrainingRequest | undefined;
  readonly problems: TrainingProblems;
  /** What the names will be, also while something else is wrong. */
  readonly names: readonly string[];
}

const NAME = /^[a-z0-9][a-z0-9._-]*$/i;
const MOST_TARGETS = 64;

export function readTrainingForm(form: TrainingForm, model: string): ReadTraining {
  const problems: Record<string, string> = {};
  const number = (name: keyof TrainingForm, test: (value: number) => boolean, expected: string) => {
    const text = String(form[name]).replaceAll(",", "").trim();
    const value = Number(text);
    if (text !== "" && Number.isFinite(value) && test(value)) return value;
    problems[name] = expected;
    return 0;
  };
  const optional = (name: keyof TrainingForm, test: (value: number) => boolean, expected: string) =>
    String(form[name]).trim() === "" ? undefined : number(name, test, expected);
  const whole = (low: number, high: number) => (value: number) =>
    Number.isInteger(value) && value >= low && value <= high;
  const share = (value: number) => value >= 0 && value <= 1;

  const base = form.name.trim() === "" ? usualName(form) : form.name.trim();
  if (!NAME.test(base)) problems.name = "letters, digits, “.”, “_”, “-”";
  const seeds = readSeeds(form.seeds);
  if (seeds === undefined) problems.seeds = "whole numbers from 0, such as 0, 1";
  if (form.layers.length === 0) problems.layers = "at least one layer";
  const features = number("features", whole(2, 262_144), "2 … 262,144");
  const sparsity = readSparsity(form, number);
  if (problems.k === undefined && "k" in sparsity && sparsity.k > features && features > 0)
    problems.k = "no more than features";
  const tokens = number("tokens", whole(1000, Number.MAX_SAFE_INTEGER), "at least 1,000");
  const path = form.path.trim();
  if (form.corpus === "file" && path === "") problems.path = "a file on the server’s machine";
  const batch = optional("batch", whole(16, 65_536), "16 … 65,536");
  const learningRate = optional("learningRate", (value) => value > 0, "above 0");
  const warmup = optional("warmup", share, "0 … 1");
  const decay = optional("decay", share, "0 … 1");
  const reviveAfter = optional("reviveAfter", whole(0, Number.MAX_SAFE_INTEGER), "0 or more tokens");
  const evaluationTokens = optional("evaluationTokens", whole(0, Number.MAX_SAFE_INTEGER), "0 or more tokens");

  const targets = [...form.layers]
    .sort((a, b) => a - b)
    .flatMap((layer) =>
      (seeds ?? [0]).map(
        (seed): TrainingTarget => ({
          name: `${base}-L${layer}${(seeds ?? []).length > 1 ? `-s${seed}` : ""}`,
          kind: form.kind,
          inputSite: siteName(form.inputSite, layer),
          ...(form.kind !== "sae" && { outputSite: siteName(form.outputSite, layer) }),
          features,
          sparsity,
          seed,
        }),
      ),
    );
  if (targets.length > MOST_TARGETS) problems.layers = `at most ${MOST_TARGETS} dictionaries in one training`;
  const names = targets.map(({ name }) => name);
  if (Object.keys(problems).length > 0) return { request: undefined, problems, names };
  return {
    names,
    problems,
    request: {
      model,
      ...(targets.length > 1 && { set: base }),
      targets,
      corpus: form.corpus === "file" ? { kind: "file", path } : { kind: "samples" },
      tokens,
      ...(batch !== undefined && { batch }),
      ...(learningRate !== undefined && { learningRate }),
      ...(warmup !== undefined && { warmup }),
      ...(decay !== undefined && { decay }),
      ...(reviveAfter !== undefined && { reviveAfter }),
      ...(evaluationTokens !== undefined && { evaluationTokens }),
    },
  };
}

export function usualName({ kind, sparsity, features }: TrainingForm): string {
  const short = kind === "sae" ? "sae" : kind === "transcoder" ? "tc" : "skip-tc";
  return `${short}-${sparsity.replace("-", "")}-${features.replaceAll(",", "").trim() || "n"}`;
}

function readSparsity(
  form: TrainingForm,
  number: (name: "k" | "coefficient", test: (value: number) => boolean, expected: string) => number,
): TrainingSparsity {
  const kept = (value: number) => Number.isInteger(value) && value >= 1 && value <= 1024;
  if (form.sparsity === "topk" || form.sparsity === "batch-topk")
    return { kind: form.sparsity, k: number("k", kept, "1 … 1,024") };
  return { kind: form.sparsity, coefficient: number("coefficient", (value) => value > 0, "above 0") };
}

function readSeeds(text: string): number[] | undefined {
  const parts = text.split(/[\s,;]+/).filter(Boolean);
  if (parts.length === 0 || parts.some((part) => !/^\d{1,9}$/.test(part))) return undefined;
  return [...new Set(parts.map(Number))].sort((a, b) => a - b);
}

/**
 * The form of a request that was trained before, for training one like it. What the form cannot say (targets that differ
 * in more than layer and seed) follows the first target, which `about` may choose by name.
 */
export function trainingFormOf(request: TrainingRequest, about?: string): TrainingForm {
  const target = request.targets.find(({ name }) => name === about) ?? request.targets[0];
  const text = (value: number | undefined) => (value === undefined ? "" : String(value));
  const site = (name: string | undefined, fallback: SiteKind) =>
    name === undefined ? fallback : kindOf(name, fallback);
  const like = request.targets.filter(
    (other) => target !== undefined && other.kind === target.kind && other.features === target.features,
  );
  const layers = like.map(({ inputSite }) => Number(/^blocks\.(\d+)\./.exec(inputSite)?.[1] ?? 0));
  const sparsity = target?.sparsity ?? { kind: "topk", k: 32 };
  return {
    name: "",
    kind: target?.kind ?? "transcoder",
    inputSite: site(target?.inputSite, "ln2.hook_normalized"),
    outputSite: site(target?.outputSite, "hook_mlp_out"),
    layers: [...new Set(layers)].sort((a, b) => a - b),
    features: text(target?.features),
    sparsity: sparsity.kind,
    k: "k" in sparsity ? String(sparsity.k) : "32",
    coefficient: "coefficient" in sparsity ? String(sparsity.coefficient) : "0.001",
    seeds: [...new Set(like.map(({ seed }) => seed ?? 0))].join(", ") || "0",
    corpus: request.corpus.kind,
    path: request.corpus.kind === "file" ? request.corpus.path : "",
    tokens: request.tokens.toLocaleString("en-US"),
    batch: text(request.batch),
    learningRate: text(request.learningRate),
    warmup: text(request.warmup),
    decay: text(request.decay),
    reviveAfter: text(request.reviveAfter),
    evaluationTokens: text(request.evaluationTokens),
  };
}

function kindOf(name: string, fallback: SiteKind): SiteKind {
  const found = TRAINING_SITES.find((kind) => name.endsWith(`.${kind}`));
  return found ?? parseSite(name).kind ?? fallback;
}
