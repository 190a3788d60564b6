/**
 * The error of a dictionary taken apart (Engels et al. 2024, A7): what of it a linear map of the input activation predicts on
 * other texts, what it does not, and what each part costs.
 *
 * With x the value at the output site, y the dictionary's output and e = x − y:
 *   x = y + ê + (e − ê),   ê = W·input + b by ridge regression on the training documents.
 * Everything reported is measured on held-out documents; positions that do not count (BOS) are left out and left alone.
 */
import type { DarkMatter, DarkMatterRequest } from "@patchbay/contract";
import type { Dictionary } from "@patchbay/dictionary";
import type { Engine, Tokenizer } from "@patchbay/transformer";
import { ensureDefined, PatchbayError, type Tensor } from "@patchbay/vocabulary";
import type { Corpus } from "../corpus/corpus.ts";
import { corpusLoss } from "../corpus/corpus-loss.ts";
import { type Harvest, harvest } from "../corpus/harvest.ts";
import { reconstruct } from "../dictionaries/encode-features.ts";
import type { WorkContext } from "../model-service.ts";
import { type Random, seededRandom, shuffle } from "../training/random.ts";
import { blindTexts, blindTokens } from "./blind-spots.ts";
import { errorParts, linearError, regressionSums, squaredErrors } from "./error-programs.ts";
import { addSums, type LinearMap, newSums, solveRidge } from "./ridge.ts";
import { type DictionarySites, sitesOf, spliceRows } from "./splice.ts";
import { corpusOf, type DocumentRange, splitDocuments } from "./split-documents.ts";
import { addTo, correlation, sumOfSquares } from "./statistics.ts";

const DEFAULT_TOKENS = 16_000;
const DEFAULT_RIDGE = 1e-3;
const SCATTER_POINTS = 2000;
const SHUFFLE_SEED = 7;

interface Subject {
  readonly engine: Engine;
  readonly corpus: Corpus;
  readonly dictionary: Dictionary;
  readonly sites: DictionarySites;
}

/**
 * Half of the tokens fit, half test, cut between documents. Shares of the variance of x: reconstruction = 1 − unexplained,
 * nonlinear = Σ‖e − ê‖² / Σ‖x − mean x‖², linear = unexplained − nonlinear; they sum to 1.
 * @throws PatchbayError `unsupported-model` (cross-layer), `site-not-writable`, `values-do-not-fit` (wider: other sites),
 * `empty-input`, `cancelled`
 */
export async function darkMatter(
  engine: Engine,
  tokenizer: Tokenizer,
  wholeCorpus: Corpus,
  dictionary: Dictionary,
  wider: Dictionary | undefined,
  request: Pick<DarkMatterRequest, "ridge" | "tokens">,
  context: WorkContext,
): Promise<DarkMatter> {
  const { ridge = DEFAULT_RIDGE, tokens = DEFAULT_TOKENS } = request;
  const subject = { engine, corpus: corpusOf(dictionary, wholeCorpus), dictionary, sites: sitesOf(dictionary) };
  if (wider !== undefined) checkSameSites(dictionary, wider);
  const { train, test } = splitDocuments(subject.corpus, tokens / 2, tokens / 2);
  const random = seededRandom(SHUFFLE_SEED);

  context.progress?.(0, `fitting the error on ${train.tokens} tokens`);
  const fits = await fitError(subject, train, ridge, random, context);
  context.progress?.(0.3, `testing on ${test.tokens} tokens of other texts`);
  const measured = await measure(subject, wider, test, fits, context);
  context.progress?.(0.5, "what each part of the error costs");
  const loss = await partLosses(subject, test, fits.paired, context);

  const { rows, errors, outputVariance } = measured;
  const unexplained = measured.errorSquares / outputVariance;
  const nonlinear = measured.left / outputVariance;
  const meanVariance = outputVariance / errors.length;
  const perToken = { ...rows, errors: errors.map((error) => error / meanVariance) };
  context.progress?.(1, `${test.tokens} held-out tokens`);
  return {
    dictionary: dictionary.spec.name,
    trainTokens: train.tokens,
    testTokens: test.tokens,
    unexplained,
    vectorR2: measured.vectorR2,
    normR2: measured.normR2,
    parts: { reconstruction: 1 - unexplained, linearError: unexplained - nonlinear, nonlinearError: nonlinear },
    sumResidual: measured.residual,
    loss,
    wider:
      wider === undefined ? null : compareErrors(wider.spec.name, errors, measured.widerErrors, outputVariance, random),
    blind: blindTexts(tokenizer, perToken),
    blindTokens: blindTokens(tokenizer, perToken),
  };
}

interface Fits {
  readonly paired: LinearMap;
  /** Inputs in another order than the errors: what a fit to nothing reaches. */
  readonly shuffled: LinearMap;
}

async function fitError(
  subject: Subject,
  range: DocumentRange,
  ridge: number,
  random: Random,
  { signal, progress }: WorkContext,
): Promise<Fits> {
  const { inputWidth, outputWidth } = subject.dictionary.spec;
  const sums = { paired: newSums(inputWidth, outputWidth + 1), shuffled: newSums(inputWidth, outputWidth + 1) };
  for await (const { rows, input, output, reconstruction } of errorBatches(subject, range, signal)) {
    const order = shuffle(
      Int32Array.from(rows.tokens, (_, row) => row),
      random,
    );
    const found = await regressionSums(subject.engine, { input, output, reconstruction }, order, signal);
    addSums(sums.paired, found.paired);
    addSums(sums.shuffled, found.shuffled);
    progress?.((0.3 * sums.paired.rows) / range.tokens, `fitting the error on ${range.tokens} tokens`);
  }
  return { paired: solveRidge(sums.paired, ridge), shuffled: solveRidge(sums.shuffled, ridge) };
}

async function measure(
  subject: Subject,
  wider: Dictionary | undefined,
  range: DocumentRange,
  fits: Fits,
  { signal, progress }: WorkContext,
) {
  const { engine, dictionary } = subject;
  const { outputWidth } = dictionary.spec;
  const rows = { documents: [] as number[], positions: [] as number[], tokens: [] as number[] };
  const errors = new Float64Array(range.tokens);
  const widerErrors = new Float64Array(wider === undefined ? 0 : range.tokens);
  const outputSums = new Float64Array(outputWidth);
  const errorSums = new Float64Array(outputWidth);
  const totals = { output: 0, left: 0, leftShuffled: 0, normLeft: 0, normLeftShuffled: 0 };
  let residual = 0;
  let start = 0;
  for await (const batch of errorBatches(subject, range, signal)) {
    const parts = await errorParts(engine, batch, fits.paired, fits.shuffled, signal);
    addTo(outputSums, parts.outputSums);
    addTo(errorSums, parts.errorSums);
    residual = Math.max(residual, parts.residual);
    for (const [row, error] of parts.error.entries()) {
      totals.output += parts.output[row] ?? 0;
      totals.left += parts.left[row] ?? 0;
      totals.leftShuffled += parts.leftShuffled[row] ?? 0;
      totals.normLeft += (error - (parts.norm[row] ?? 0)) ** 2;
      totals.normLeftShuffled += (error - (parts.normShuffled[row] ?? 0)) ** 2;
    }
    errors.set(parts.error, start);
    if (wider !== undefined) {
      const wide = ensureDefined((await reconstruct(engine, wider, batch.input, signal)).outputs[0]);
      widerErrors.set(await squaredErrors(engine, batch.output, wide, signal), start);
    }
    start += parts.error.length;
    rows.documents.push(...batch.rows.documents);
    rows.positions.push(...batch.rows.positions);
    rows.tokens.push(...batch.rows.tokens);
    progress?.(0.3 + (0.2 * start) / range.tokens, `testing on ${range.tokens} tokens of other texts`);
  }
  const count = errors.length;
  const errorSquares = errors.reduce((sum, error) => sum + error, 0);
  const errorVariance = errorSquares - sumOfSquares(errorSums) / count;
  const normMean = errorSquares / count;
  const normVariance = errors.reduce((sum, error) => sum + (error - normMean) ** 2, 0);
  return {
    rows,
    errors,
    widerErrors,
    errorSquares,
    left: totals.left,
    residual,
    outputVariance: totals.output - sumOfSquares(outputSums) / count,
    vectorR2: { value: 1 - totals.left / errorVariance, shuffled: 1 - totals.leftShuffled / errorVariance },
    normR2: { value: 1 - totals.normLeft / normVariance, shuffled: 1 - totals.normLeftShuffled / normVariance },
  };
}

interface ErrorBatch {
  readonly rows: Harvest;
  readonly input: Tensor;
  readonly output: Tensor;
  readonly reconstruction: Tensor;
}

async function* errorBatches(
  { engine, corpus, dictionary, sites }: Subject,
  { from, to }: DocumentRange,
  signal: AbortSignal,
): AsyncGenerator<ErrorBatch> {
  for await (const rows of harvest(engine, corpus, [sites.input, sites.output], { from, to, signal })) {
    const [input, output] = rows.values;
    const { outputs } = await reconstruct(engine, dictionary, ensureDefined(input), signal);
    yield {
      rows,
      input: ensureDefined(input),
      output: ensureDefined(output),
      reconstruction: ensureDefined(outputs[0]),
    };
  }
}

/** Next-token loss on the held-out documents with the output site rebuilt from its parts. */
async function partLosses(
  { engine, corpus, dictionary, sites }: Subject,
  { from, to }: DocumentRange,
  fit: LinearMap,
  { signal, progress }: WorkContext,
): Promise<DarkMatter["loss"]> {
  type Combine = (reconstruction: number, linear: number, output: number) => number;
  const lossWith = async (combine: Combine, done: number) => {
    const { mean } = await corpusLoss(engine, corpus, {
      from,
      to,
      signal,
      replacementsFor: (batch) => [
        spliceRows(sites, batch, corpus.skip, async ({ input, output }) => {
          const reconstruction = ensureDefined((await reconstruct(engine, dictionary, input, signal)).outputs[0]).data;
          const linear = await linearError(engine, input, fit, signal);
          return output.data.map((value, i) => combine(reconstruction[i] ?? 0, linear[i] ?? 0, value));
        }),
      ],
    });
    progress?.(done, "what each part of the error costs");
    return mean;
  };
  const original = (await corpusLoss(engine, corpus, { from, to, signal })).mean;
  return {
    original,
    reconstruction: await lossWith((reconstruction) => reconstruction, 0.7),
    withLinear: await lossWith((reconstruction, linear) => reconstruction + linear, 0.85),
    withNonlinear: await lossWith((_, linear, output) => output - linear, 1),
  };
}

/** Per-token error lengths of two dictionaries, side by side. */
function compareErrors(
  name: string,
  errors: Float64Array,
  widerErrors: Float64Array,
  outputVariance: number,
  random: Random,
): NonNullable<DarkMatter["wider"]> {
  const narrow = errors.map(Math.sqrt);
  const wide = widerErrors.map(Math.sqrt);
  const order = shuffle(
    Int32Array.from(narrow, (_, i) => i),
    random,
  );
  const shown = order.slice(0, SCATTER_POINTS).sort();
  const at = (values: Float64Array, places: Int32Array) => Float64Array.from(places, (place) => values[place] ?? 0);
  return {
    dictionary: name,
    correlation: correlation(narrow, wide) ?? 0,
    shuffled: correlation(narrow, at(wide, order)) ?? 0,
    unexplained: widerErrors.reduce((sum, error) => sum + error, 0) / outputVariance,
    scatter: { narrow: Array.from(at(narrow, shown)), wide: Array.from(at(wide, shown)) },
  };
}

function checkSameSites({ spec }: Dictionary, { spec: wider }: Dictionary): void {
  const [ours, theirs] = [spec, wider].map((each) => `${each.inputSite} → ${each.outputSites.join(", ")}`);
  if (ours === theirs) return;
  throw new PatchbayError("values-do-not-fit", `"${wider.name}" is not of the same place as "${spec.name}".`, {
    expected: ours ?? "",
    received: theirs ?? "",
    at: "wider",
  });
}
