/** Plain dictionaries and units of the fake model: kept in memory, with numbers that follow from their names. */
import type { ModelService, WorkContext } from "@patchbay/analysis";
import type { DictionaryQuality, DictionarySummary, UnitPage, UnitRow } from "@patchbay/contract";
import { PatchbayError } from "@patchbay/vocabulary";

type DictionaryService = ModelService["dictionaries"];
type UnitService = ModelService["units"];

export interface FakeWork {
  readonly model: string;
  /** Takes its time, and stops when the signal aborts. */
  work(label: string, context: WorkContext, milliseconds?: number): Promise<void>;
  workInSteps(label: string, context: WorkContext): Promise<void>;
}

export const FAKE_NEURONS = "blocks.0.mlp.hook_post";
const STEPS = 4;

export function createFakeDictionaries({ model, work, workInSteps }: FakeWork): DictionaryService {
  const installed = new Map(["tc.0", "tc.1"].map((name) => [name, summaryOf(name, true)]));
  /** Steps of a training that was stopped, by its first target: what a checkpoint would hold. */
  const checkpoints = new Map<string, number>();

  const find = (name: string): DictionarySummary => {
    const found = installed.get(name);
    if (found !== undefined) return found;
    throw new PatchbayError("not-found", `There is no dictionary "${name}".`, {
      expected: `one of ${[...installed.keys()].join(", ")}`,
    });
  };
  const histogram = { edges: [0, 1], counts: [1] };

  return {
    list: async () => ({ dictionaries: [...installed.values()], problems: [] }),
    page: async (name) => ({
      ...find(name),
      training: null,
      setQuality: null,
      seeds: [],
      indexed: true,
      caveats: ["A fake."],
    }),
    async remove(name) {
      if (find(name).bundled) throw new PatchbayError("conflict", `"${name}" comes with Patchbay.`);
      installed.delete(name);
    },
    async feature(name, feature) {
      const dictionary = find(name);
      if (feature >= dictionary.features)
        throw new PatchbayError("unit-out-of-range", `There is no feature ${feature}.`);
      return {
        model,
        dictionary,
        feature,
        sides: [],
        encoderDecoderCosine: null,
        bias: null,
        threshold: null,
        badge: null,
        nearest: [],
        previous: feature === 0 ? null : feature - 1,
        next: feature + 1,
        modelHash: dictionary.hash,
      };
    },
    async compare({ left, right, vectors = "both", matching = "one-to-one", threshold = 0.7 }, context) {
      const alive = { left: find(left).features, right: find(right).features };
      await work(`compare ${left} ${right}`, context);
      return {
        left,
        right,
        vectors,
        matching,
        threshold,
        pairs: { left: [0], right: [0], similarity: [1] },
        shared: 1,
        alive,
        curve: { thresholds: [], shared: [] },
        histogram,
        random: 0,
        unmatched: [],
      };
    },
    async measure({ dictionaries = [...installed.keys()] }, context) {
      await workInSteps("measure", context);
      for (const name of dictionaries) installed.set(name, { ...find(name), quality: QUALITY });
      return { measured: dictionaries };
    },
    async train({ targets, tokens }, context) {
      const name = targets[0]?.name ?? "";
      for (let step = (checkpoints.get(name) ?? 0) + 1; step <= STEPS; step++) {
        await work(`train ${name} ${step}`, context, 50);
        checkpoints.set(name, step);
        const point = { step, tokens, target: 0, loss: 1 / step, l0: 2, unexplained: 0.5, deadShare: 0 };
        context.progress?.(step / STEPS, `step ${step}`, {
          targets: targets.map((target) => target.name),
          points: [{ ...point, learningRate: 1e-3 }],
          tokensPerSecond: 100,
          phase: "training",
        });
      }
      checkpoints.delete(name);
      const dictionaries = targets.map((target) => summaryOf(target.name, false));
      for (const dictionary of dictionaries) installed.set(dictionary.name, dictionary);
      return {
        dictionaries: dictionaries.map(({ name, hash }) => ({ name, hash, quality: null })),
        setQuality: null,
        tokens,
        seconds: 0.1,
        points: [],
      };
    },
    async darkMatter({ dictionary }, context) {
      await workInSteps(`dark-matter ${find(dictionary).name}`, context);
      const nothing = { value: 0, shuffled: 0 };
      return {
        dictionary,
        trainTokens: 0,
        testTokens: 0,
        unexplained: 0,
        vectorR2: nothing,
        normR2: nothing,
        parts: { reconstruction: 1, linearError: 0, nonlinearError: 0 },
        sumResidual: 0,
        loss: { original: 0, reconstruction: 0, withLinear: 0, withNonlinear: 0 },
        wider: null,
        blind: [],
        blindTokens: [],
      };
    },
    async rewrite({ dictionary, features = [] }, context) {
      await workInSteps(`rewrite ${find(dictionary).name}`, context);
      const loss = { mean: 0, low: 0, high: 0 };
      return {
        dictionary,
        rewritten: features.length,
        tokens: 0,
        texts: 0,
        losses: {
          original: loss,
          transcoder: loss,
          rewritten: loss,
          zeroed: loss,
          meanAblation: loss,
          zeroAblation: loss,
        },
        difference: loss,
        verdict: "No better than zeros.",
        perFeature: [],
      };
    },
  };
}

export function createFakeUnits({ model, work, workInSteps }: FakeWork): UnitService {
  const labels = new Map<string, string>();
  const labelOf = (source: string, unit: number) => labels.get(`${source}/${unit}`) ?? null;
  const row = (source: string, unit: number): UnitRow => ({
    source,
    unit,
    kind: source.startsWith("blocks.") ? "neuron" : "feature",
    layer: 0,
    score: null,
    density: 0.1,
    maximum: 1,
    mean: 0.1,
    topTokens: [],
    reads: [],
    writes: [],
    label: labelOf(source, unit),
    badge: null,
  });
  const check = (source: string, unit: number) => {
    if (source !== FAKE_NEURONS && !source.startsWith("tc.")) {
      throw new PatchbayError("unknown-site", `There is no source "${source}".`);
    }
    if (unit >= 2) throw new PatchbayError("unit-out-of-range", `There is no unit ${unit}.`, { expected: "0 to 1" });
  };

  return {
    async list({ label, offset = 0, limit = 50 }) {
      const sources = [FAKE_NEURONS, "tc.0", "tc.1"];
      const rows = sources
        .flatMap((source) => [0, 1].map((unit) => row(source, unit)))
        .filter((each) => label === undefined || each.label?.includes(label));
      return { total: rows.length, offset, rows: rows.slice(offset, offset + limit), sources };
    },
    async byText({ text }, context) {
      await work(`by-text ${text}`, context);
      return { tokens: [], rows: [{ ...row("tc.0", 0), activations: [text.length], peak: 0 }] };
    },
    async page(source, unit, examples, context): Promise<UnitPage> {
      check(source, unit);
      await work(`unit ${source} ${unit} ${examples ?? "default"}`, context);
      const { kind, layer, label, badge } = row(source, unit);
      return { model, source, unit, kind, layer, statistics: null, groups: [], label, badge, corpus: null };
    },
    async label(source, unit, label) {
      check(source, unit);
      if (label === "") labels.delete(`${source}/${unit}`);
      else labels.set(`${source}/${unit}`, label);
      return labelOf(source, unit);
    },
    async effect({ source, unit }, context) {
      check(source, unit);
      await work(`effect ${source} ${unit}`, context);
      const random = { units: [], meanKl: 0, meanLossChange: 0, kls: [] };
      return { examples: [], meanKl: 0.5, meanLossChange: 0.25, random };
    },
    async index(_, context) {
      await workInSteps("unit-index", context);
      return { tokens: 100 };
    },
  };
}

const QUALITY: DictionaryQuality = {
  tokens: 100,
  corpus: "fake",
  l0: 2,
  unexplained: 0.5,
  cosine: 0.7,
  deadShare: 0,
  loss: { original: 1, spliced: 1.1, zero: 2, mean: 1.5, recoveredAgainstZero: 0.9, recoveredAgainstMean: 0.8 },
  density: { edges: [-3, 0], counts: [2] },
};

function summaryOf(name: string, bundled: boolean): DictionarySummary {
  return {
    name,
    set: bundled ? "tc" : null,
    kind: "transcoder",
    description: null,
    layer: 0,
    inputSite: "blocks.0.ln2.hook_normalized",
    outputSites: ["blocks.0.hook_mlp_out"],
    inputWidth: 8,
    outputWidth: 8,
    features: 2,
    activation: "topk(1)",
    skip: false,
    hash: Buffer.from(name).toString("hex").padStart(64, "0"),
    bundled,
    licence: null,
    source: { format: "patchbay", address: null, notes: [] },
    quality: bundled ? QUALITY : null,
  };
}
