/**
 * How much of a site a dictionary explains, and what replacing the site by it costs the model. Formulas: reference notes
 * 2.20; variance about the mean. BOS is neither measured nor replaced: its activations are far from all others and no
 * dictionary is trained on them.
 */
import type { DictionaryQuality, SetQuality } from "@patchbay/contract";
import type { Dictionary } from "@patchbay/dictionary";
import type { Engine } from "@patchbay/transformer";
import { ensureDefined, parseSite, type Tensor } from "@patchbay/vocabulary";
import type { Corpus } from "../corpus/corpus.ts";
import { corpusLoss } from "../corpus/corpus-loss.ts";
import { harvest } from "../corpus/harvest.ts";
import { reconstruct } from "../dictionaries/encode-features.ts";
import type { OutputReplacement } from "../dictionaries/replace-output.ts";
import { splicedOutput, valueReplacement } from "../dictionaries/splice-output.ts";
import { densityHistogram } from "./density-histogram.ts";

export interface Explained {
  readonly tokens: number;
  readonly l0: number;
  readonly unexplained: number;
  readonly cosine: number;
  /** [feature]: tokens on which it fired. */
  readonly firing: Uint32Array;
  /** [output]: mean of the output site. */
  readonly mean: Float32Array;
}

/** Without running the model on what the dictionary makes of it. Sums in float64. */
export async function measureExplained(
  engine: Engine,
  corpus: Corpus,
  dictionary: Dictionary,
  signal?: AbortSignal,
): Promise<Explained> {
  const { spec } = dictionary;
  const sites = [parseSite(spec.inputSite), parseSite(ensureDefined(spec.outputSites[0]))];
  const width = spec.outputWidth;
  const firing = new Uint32Array(spec.features);
  const sums = new Float64Array(width);
  let squares = 0;
  let error = 0;
  let cosines = 0;
  let active = 0;
  let tokens = 0;
  for await (const { values } of harvest(engine, corpus, sites, signal === undefined ? {} : { signal })) {
    const [input, output] = values.map((value) => ensureDefined(value));
    const { features, outputs } = await reconstruct(engine, dictionary, ensureDefined(input), signal);
    for (const feature of features.features) firing[feature] = (firing[feature] ?? 0) + 1;
    active += features.values.length;
    const actual = ensureDefined(output).data;
    const predicted = ensureDefined(outputs[0]).data;
    for (let row = 0; row < features.rows; row++) {
      let xx = 0;
      let yy = 0;
      let xy = 0;
      for (let i = 0; i < width; i++) {
        const x = actual[row * width + i] ?? 0;
        const y = predicted[row * width + i] ?? 0;
        sums[i] = (sums[i] ?? 0) + x;
        xx += x * x;
        yy += y * y;
        xy += x * y;
        error += (x - y) ** 2;
      }
      squares += xx;
      cosines += xx * yy === 0 ? 0 : xy / Math.sqrt(xx * yy);
    }
    tokens += features.rows;
  }
  const variance = squares - sums.reduce((sum, value) => sum + (value * value) / tokens, 0);
  return {
    tokens,
    l0: active / tokens,
    unexplained: error / variance,
    cosine: cosines / tokens,
    firing,
    mean: Float32Array.from(sums, (sum) => sum / tokens),
  };
}

export interface QualityProgress {
  readonly signal?: AbortSignal;
  progress?(fraction: number, message: string): void;
}

/** Quality of each dictionary, in order; the losses of the model itself and of ablated sites are computed once. */
export async function measureQuality(
  engine: Engine,
  corpus: Corpus,
  dictionaries: readonly Dictionary[],
  { signal, progress }: QualityProgress = {},
): Promise<DictionaryQuality[]> {
  const options = signal === undefined ? {} : { signal };
  const loss = async (replacements: readonly OutputReplacement[]) =>
    (await corpusLoss(engine, corpus, { ...options, replacementsFor: () => replacements })).mean;
  const original = await loss([]);
  const ablated = new Map<string, { zero: number; mean: number }>();
  const qualities: DictionaryQuality[] = [];
  for (const [i, dictionary] of dictionaries.entries()) {
    progress?.(i / dictionaries.length, `measuring ${dictionary.spec.name}`);
    const explained = await measureExplained(engine, corpus, dictionary, signal);
    const site = ensureDefined(dictionary.spec.outputSites[0]);
    let ablation = ablated.get(site);
    if (ablation === undefined) {
      const zeros = new Float32Array(dictionary.spec.outputWidth);
      ablation = {
        zero: await loss([valueReplacement(parseSite(site), zeros, corpus.skip)]),
        mean: await loss([valueReplacement(parseSite(site), explained.mean, corpus.skip)]),
      };
      ablated.set(site, ablation);
    }
    const spliced = await loss([splicedOutput(engine, dictionary, corpus.skip, signal)]);
    qualities.push({
      tokens: explained.tokens,
      corpus: corpus.name,
      l0: explained.l0,
      unexplained: explained.unexplained,
      cosine: explained.cosine,
      deadShare: explained.firing.reduce((dead, count) => dead + (count === 0 ? 1 : 0), 0) / dictionary.spec.features,
      loss: {
        original,
        spliced,
        ...ablation,
        recoveredAgainstZero: (ablation.zero - spliced) / (ablation.zero - original),
        recoveredAgainstMean: (ablation.mean - spliced) / (ablation.mean - original),
      },
      density: densityHistogram(explained.firing, explained.tokens),
    });
  }
  return qualities;
}

/** Every member of a set in one run: one dictionary a layer. */
export async function measureSet(
  engine: Engine,
  corpus: Corpus,
  set: string,
  members: readonly Dictionary[],
  signal?: AbortSignal,
): Promise<SetQuality> {
  const options = signal === undefined ? {} : { signal };
  const loss = async (replacements: readonly OutputReplacement[]) =>
    (await corpusLoss(engine, corpus, { ...options, replacementsFor: () => replacements })).mean;
  const sites = members.map(({ spec }) => parseSite(ensureDefined(spec.outputSites[0])));
  const means = await siteMeans(engine, corpus, sites, signal);
  return {
    set,
    dictionaries: members.map(({ spec }) => spec.name),
    tokens: corpus.documents.reduce((sum, { length }) => sum + Math.max(0, length - corpus.skip), 0),
    original: await loss([]),
    spliced: await loss(members.map((dictionary) => splicedOutput(engine, dictionary, corpus.skip, signal))),
    zero: await loss(
      sites.map((site, i) => valueReplacement(site, new Float32Array(ensureDefined(means[i]).length), corpus.skip)),
    ),
    mean: await loss(sites.map((site, i) => valueReplacement(site, ensureDefined(means[i]), corpus.skip))),
  };
}

async function siteMeans(
  engine: Engine,
  corpus: Corpus,
  sites: readonly ReturnType<typeof parseSite>[],
  signal?: AbortSignal,
): Promise<Float32Array[]> {
  let sums: Float64Array[] | undefined;
  let tokens = 0;
  for await (const { values } of harvest(engine, corpus, sites, signal === undefined ? {} : { signal })) {
    sums ??= values.map(({ shape }) => new Float64Array(shape[1] ?? 0));
    values.forEach((value, i) => {
      addColumns(ensureDefined(sums?.[i]), value);
    });
    tokens += values[0]?.shape[0] ?? 0;
  }
  return ensureDefined(sums).map((sum) => Float32Array.from(sum, (each) => each / tokens));
}

function addColumns(sums: Float64Array, { data }: Tensor): void {
  for (let i = 0; i < data.length; i++) {
    const column = i % sums.length;
    sums[column] = (sums[column] ?? 0) + (data[i] ?? 0);
  }
}
