/** The rewriting form as text, and the request that it means. */
import type { RewriteRequest, Simulator } from "@patchbay/contract";

export type SimulatorKind = Simulator["kind"];

export interface RewriteForm {
  readonly simulator: SimulatorKind;
  /** Tokens one a line; a leading space stays, because it is part of the token. */
  readonly tokens: string;
  readonly pattern: string;
  readonly length: string;
  readonly minimumCount: string;
  /** Feature numbers, "12, 40-44"; empty for a random choice. */
  readonly features: string;
  /** Per cent of features where none are named. */
  readonly percent: string;
  readonly calibrate: boolean;
  readonly heldOut: string;
  readonly seed: string;
}

export const USUAL_REWRITE: RewriteForm = {
  simulator: "ngram",
  tokens: "",
  pattern: "",
  length: "",
  minimumCount: "",
  features: "",
  percent: "100",
  calibrate: true,
  heldOut: "",
  seed: "",
};

export const SIMULATORS: readonly { readonly kind: SimulatorKind; readonly title: string; readonly meaning: string }[] =
  [
    {
      kind: "ngram",
      title: "n-gram",
      meaning: "each feature fires as its most typical n-grams say, learned on other text",
    },
    { kind: "tokens", title: "tokens", meaning: "fires on the listed tokens, and on nothing else" },
    { kind: "regex", title: "regex", meaning: "fires where a regular expression matches the text" },
    {
      kind: "endpoint",
      title: "endpoint",
      meaning: "the configured OpenAI-compatible model reads the feature’s label (PATCHBAY_LLM_URL)",
    },
    { kind: "oracle", title: "oracle", meaning: "the true activations: must land exactly on the dictionary" },
    { kind: "empty", title: "empty", meaning: "never fires: must land exactly on the features at zero" },
  ];

export type FormProblems = Partial<Record<keyof RewriteForm, string>>;

export interface ReadForm {
  readonly request: Omit<RewriteRequest, "model" | "dictionary"> | undefined;
  readonly problems: FormProblems;
}

/** `count` is how many features the dictionary has. */
export function readRewriteForm(form: RewriteForm, count: number): ReadForm {
  const problems: Record<string, string> = {};
  const whole = (name: "length" | "minimumCount" | "heldOut" | "seed", low: number, high: number) => {
    const text = form[name].replaceAll(",", "").trim();
    if (text === "") return undefined;
    const value = Number(text);
    if (Number.isInteger(value) && value >= low && value <= high) return value;
    problems[name] = `a whole number, ${low} … ${high}`;
    return undefined;
  };
  const simulator = readSimulator(form, whole, problems);
  const features = readFeatures(form.features, count);
  if (typeof features === "string") problems.features = features;
  const named = typeof features === "object";
  const listed = form.simulator === "tokens" || form.simulator === "regex";
  if (!named && listed && problems.features === undefined)
    problems.features = "say which features the list or expression stands for";
  const share = Number(form.percent) / 100;
  if (!named && !listed && !(form.percent.trim() !== "" && share > 0 && share <= 1))
    problems.percent = "above 0, up to 100";
  const tokens = whole("heldOut", 1000, 100_000);
  const seed = whole("seed", 0, Number.MAX_SAFE_INTEGER);
  if (simulator === undefined || Object.keys(problems).length > 0) return { request: undefined, problems };
  return {
    problems,
    request: {
      simulator,
      ...(named ? { features } : share < 1 ? { fraction: share } : {}),
      ...(!form.calibrate && { calibrate: false }),
      ...(tokens !== undefined && { tokens }),
      ...(seed !== undefined && { seed }),
    },
  };
}

function readSimulator(
  form: RewriteForm,
  whole: (name: "length" | "minimumCount", low: number, high: number) => number | undefined,
  problems: Record<string, string>,
): Simulator | undefined {
  switch (form.simulator) {
    case "tokens": {
      const tokens = form.tokens.split("\n").filter((line) => line !== "");
      if (tokens.length === 0) problems.tokens = "at least one token, one a line";
      return { kind: "tokens", tokens };
    }
    case "regex":
      if (form.pattern === "" || !isPattern(form.pattern)) problems.pattern = "a regular expression";
      return { kind: "regex", pattern: form.pattern };
    case "ngram": {
      const [length, minimumCount] = [whole("length", 1, 4), whole("minimumCount", 1, 1000)];
      return {
        kind: "ngram",
        ...(length !== undefined && { length }),
        ...(minimumCount !== undefined && { minimumCount }),
      };
    }
    default:
      return { kind: form.simulator };
  }
}

/** The numbers of a list with ranges; undefined where it is empty; a sentence where it cannot be read. */
export function readFeatures(text: string, count: number): number[] | string | undefined {
  if (text.trim() === "") return undefined;
  const numbers = new Set<number>();
  for (const part of text.split(/[\s,;]+/).filter(Boolean)) {
    const range = /^F?(\d+)(?:[-–…]F?(\d+))?$/i.exec(part);
    if (range === null) return `“${part}” is not a feature number`;
    const [low, high] = [Number(range[1]), Number(range[2] ?? range[1])];
    if (high >= count || low >= count) return `features are 0 … ${count - 1}`;
    if (high < low) return `${part} runs backwards`;
    if (high - low >= 4096) return "at most 4,096 features";
    for (let feature = low; feature <= high; feature++) numbers.add(feature);
  }
  if (numbers.size > 4096) return "at most 4,096 features";
  return [...numbers].sort((a, b) => a - b);
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text, "u");
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** The form of a request that was run before. */
export function rewriteFormOf(request: RewriteRequest): RewriteForm {
  const { simulator, features, fraction, calibrate, tokens, seed } = request;
  const text = (value: number | undefined) => (value === undefined ? "" : String(value));
  return {
    ...USUAL_REWRITE,
    simulator: simulator.kind,
    tokens: simulator.kind === "tokens" ? simulator.tokens.join("\n") : "",
    pattern: simulator.kind === "regex" ? simulator.pattern : "",
    length: simulator.kind === "ngram" ? text(simulator.length) : "",
    minimumCount: simulator.kind === "ngram" ? text(simulator.minimumCount) : "",
    features: writeFeatures(features ?? []),
    percent: fraction === undefined ? "100" : String(Number((fraction * 100).toPrecision(6))),
    calibrate: calibrate ?? true,
    heldOut: text(tokens),
    seed: text(seed),
  };
}

/** Sorted, runs of three and more as ranges: "3, 40-44", as it is read. */
export function writeFeatures(features: readonly number[]): string {
  const runs: [from: number, to: number][] = [];
  for (const feature of [...features].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run !== undefined && feature === run[1] + 1) run[1] = feature;
    else runs.push([feature, feature]);
  }
  return runs
    .map(([from, to]) => (from === to ? `${from}` : to === from + 1 ? `${from}, ${to}` : `${from}-${to}`))
    .join(", ");
}

/** As the form calls it. */
export function simulatorName(kind: SimulatorKind): string {
  return SIMULATORS.find((simulator) => simulator.kind === kind)?.title ?? kind;
}
