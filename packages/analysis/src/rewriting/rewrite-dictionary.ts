/**
 * A dictionary whose chosen features are told from the text by their labels instead of by their encoders (Paulo & Belrose
 * 2025, A4): what that costs, against the true activations and against writing zeros.
 *
 * Labels are calibrated (and n-grams learned) on the first documents of the corpus; losses are of later ones. In every bar but
 * the original the output site is replaced at the counted tokens, the dictionary's error dropped.
 */
import type { Rewrite, RewriteRequest } from "@patchbay/contract";
import type { Dictionary } from "@patchbay/dictionary";
import type { Engine, Tokenizer } from "@patchbay/transformer";
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import type { Corpus } from "../corpus/corpus.ts";
import { type CorpusLoss, corpusLoss } from "../corpus/corpus-loss.ts";
import { type RewriteRows, sitesOf, spliceRows } from "../dark-matter/splice.ts";
import { corpusOf, type DocumentRange, splitDocuments } from "../dark-matter/split-documents.ts";
import { reconstruct } from "../dictionaries/encode-features.ts";
import type { SparseFeatures } from "../dictionaries/sparse-features.ts";
import type { WorkContext } from "../model-service.ts";
import { Agreement } from "./agreement.ts";
import { differenceInterval, lossInterval } from "./bootstrap.ts";
import { type Calibration, fractionOfMaximum, quantileCalibration } from "./calibration.ts";
import { chooseFeatures } from "./choose-features.ts";
import { type EndpointPatience, type EndpointSettings, requireEndpoint } from "./endpoint.ts";
import { labelSimulator, labelsOf } from "./label-simulator.ts";
import { nGramSimulator } from "./n-grams.ts";
import { changeOutput, decoderRows, outputScales } from "./output-difference.ts";
import { regularExpressionSimulator } from "./regular-expression.ts";
import type { TextSimulator } from "./simulators.ts";
import { tokenListSimulator } from "./token-list.ts";
import { type TrainingActivations, trainingActivations } from "./training-activations.ts";
import { verdictOf } from "./verdict.ts";

const DEFAULT_TOKENS = 8000;
/** Every training token costs a question for each feature. */
const ENDPOINT_TRAINING_TOKENS = 1000;
const ENDPOINT_QUESTIONS = 5000;

export interface RewriteHelpers {
  /** Of the dictionary's features; needed by the endpoint only. */
  readonly labels?: ReadonlyMap<number, string>;
  readonly endpoint?: EndpointSettings | undefined;
  readonly patience?: EndpointPatience;
}

/**
 * @throws PatchbayError `invalid-request` (no features for a list, bad expression, no labels), `unit-out-of-range`,
 * `unknown-token`, `not-ready` (no endpoint), `fetch-failed`, `request-too-large`, `unsupported-model`,
 * `site-not-writable`, `empty-input`, `cancelled`
 */
export async function rewriteDictionary(
  engine: Engine,
  tokenizer: Tokenizer,
  wholeCorpus: Corpus,
  dictionary: Dictionary,
  request: Omit<RewriteRequest, "model" | "dictionary">,
  helpers: RewriteHelpers,
  context: WorkContext,
): Promise<Rewrite> {
  const { simulator, calibrate = true, tokens = DEFAULT_TOKENS, seed = 0 } = request;
  const { signal } = context;
  const corpus = corpusOf(dictionary, wholeCorpus);
  const sites = sitesOf(dictionary);
  const endpoint = simulator.kind === "endpoint" ? requireEndpoint(helpers.endpoint) : undefined;
  const labels = helpers.labels ?? new Map<number, string>();
  const chosen = chooseFeatures(dictionary.spec.features, request, labels);
  const placeOf = new Int32Array(dictionary.spec.features).fill(-1);
  for (const [place, feature] of chosen.entries()) placeOf[feature] = place;
  const trainTokens = endpoint === undefined ? tokens : Math.min(tokens, ENDPOINT_TRAINING_TOKENS);
  const { train, test } = splitDocuments(corpus, trainTokens, tokens);
  if (endpoint !== undefined) checkQuestions(chosen.length, train, test);

  context.progress?.(0, `what the features do on ${train.tokens} tokens`);
  const training = await trainingActivations(engine, corpus, dictionary, sites, train, placeOf, signal);
  const textSimulator = ((): TextSimulator | undefined => {
    switch (simulator.kind) {
      case "oracle":
      case "empty":
        return undefined;
      case "tokens":
        return tokenListSimulator(tokenizer, corpus, chosen.length, simulator.tokens);
      case "regex":
        return regularExpressionSimulator(tokenizer, corpus, chosen.length, simulator.pattern);
      case "ngram":
        return nGramSimulator(corpus, training, simulator);
      case "endpoint":
        return labelSimulator(
          ensureDefined(endpoint),
          tokenizer,
          corpus,
          labelsOf(chosen, labels),
          signal,
          helpers.patience,
        );
    }
  })();
  const calibrations =
    textSimulator === undefined ? [] : await calibrated(textSimulator, training, train, corpus.skip, calibrate);

  const decoder = await decoderRows(dictionary, chosen);
  /** The dictionary with the chosen features' activations written anew; `made` gives them at a row. */
  const rewriteWith =
    (
      madeAt: (document: number) => Promise<(position: number, truth: Truth) => Iterable<Made>>,
      agreement?: Agreement,
    ): RewriteRows =>
    async ({ input, documents, positions }) => {
      const { features, outputs } = await reconstruct(engine, dictionary, input, signal);
      const made = new Map<number, (position: number, truth: Truth) => Iterable<Made>>();
      for (const document of new Set(documents)) made.set(document, await madeAt(document));
      const truth: Truth = new Map();
      const write = (row: number, difference: Float32Array) => {
        readTruth(features, row, placeOf, truth);
        for (const [place, value] of truth) difference[place] = -value;
        const unseen = new Set(truth.keys());
        for (const { place, value } of made.get(documents[row] ?? 0)?.(positions[row] ?? 0, truth) ?? []) {
          difference[place] = (difference[place] ?? 0) + value;
          agreement?.add(place, truth.get(place) ?? 0, value, true);
          unseen.delete(place);
        }
        for (const place of unseen) agreement?.add(place, truth.get(place) ?? 0, 0, false);
        agreement?.endToken();
      };
      return changeOutput(
        engine,
        ensureDefined(outputs[0]),
        decoder,
        outputScales(dictionary.spec, input),
        write,
        signal,
      );
    };
  const nothing = async () => () => [];
  const theTruth = async () => (_: number, truth: Truth) => Array.from(truth, ([place, value]) => ({ place, value }));
  const simulated = async (document: number) => {
    const { starts, features, values } = await ensureDefined(textSimulator).simulate(document);
    return (position: number) => madeFrom(starts, features, values, position, calibrations);
  };
  const source = simulator.kind === "oracle" ? theTruth : simulator.kind === "empty" ? nothing : simulated;
  const agreement = new Agreement(chosen.length);

  let done = 0;
  const lossWith = async (what: string, rewrite?: RewriteRows): Promise<CorpusLoss> => {
    context.progress?.(0.2 + (0.8 * done++) / 6, `loss on ${test.tokens} tokens: ${what}`);
    return corpusLoss(engine, corpus, {
      from: test.from,
      to: test.to,
      signal,
      ...(rewrite === undefined
        ? {}
        : { replacementsFor: (batch) => [spliceRows(sites, batch, corpus.skip, rewrite)] }),
    });
  };
  const original = await lossWith("the model as it is");
  const transcoder = await lossWith("the dictionary", async ({ input }) => {
    return ensureDefined((await reconstruct(engine, dictionary, input, signal)).outputs[0]).data;
  });
  const rewritten = await lossWith("features rewritten", rewriteWith(source, agreement));
  const zeroed = await lossWith("features at zero", rewriteWith(nothing));
  const meanAblation = await lossWith("the site at its mean", async ({ output }) =>
    output.data.map((_, i) => training.outputMean[i % training.outputMean.length] ?? 0),
  );
  const zeroAblation = await lossWith("the site at zero", async ({ output }) => new Float32Array(output.data.length));

  const interval = ({ byDocument }: CorpusLoss) => lossInterval(byDocument, seed);
  const losses = {
    original: interval(original),
    transcoder: interval(transcoder),
    rewritten: interval(rewritten),
    zeroed: interval(zeroed),
    meanAblation: interval(meanAblation),
    zeroAblation: interval(zeroAblation),
  };
  const difference = differenceInterval(rewritten.byDocument, zeroed.byDocument, seed);
  context.progress?.(1, `${chosen.length} features rewritten`);
  return {
    dictionary: dictionary.spec.name,
    rewritten: chosen.length,
    tokens: test.tokens,
    texts: test.to - test.from,
    losses,
    difference,
    verdict: verdictOf(simulator.kind, losses, difference),
    perFeature: agreement.report(chosen),
  };
}

/** True activations at one token, by place. */
type Truth = Map<number, number>;

interface Made {
  readonly place: number;
  readonly value: number;
}

function readTruth({ starts, features, values }: SparseFeatures, row: number, placeOf: Int32Array, truth: Truth): void {
  truth.clear();
  for (let i = starts[row] ?? 0; i < (starts[row + 1] ?? 0); i++) {
    const place = placeOf[features[i] ?? 0] ?? -1;
    if (place >= 0) truth.set(place, values[i] ?? 0);
  }
}

function* madeFrom(
  starts: Int32Array,
  places: Int32Array,
  scores: Float32Array,
  position: number,
  calibrations: readonly Calibration[],
): Generator<Made> {
  for (let i = starts[position] ?? 0; i < (starts[position + 1] ?? 0); i++) {
    const place = places[i] ?? 0;
    yield { place, value: calibrations[place]?.(scores[i] ?? 0) ?? 0 };
  }
}

async function calibrated(
  simulator: TextSimulator,
  { features }: TrainingActivations,
  { from, to }: DocumentRange,
  skip: number,
  calibrate: boolean,
): Promise<Calibration[]> {
  if (!calibrate) return features.map(fractionOfMaximum);
  const counts = features.map(() => new Map<number, number>());
  for (let document = from; document < to; document++) {
    const { starts, features: places, values } = await simulator.simulate(document);
    for (let i = starts[skip] ?? 0; i < places.length; i++) {
      const levels = counts[places[i] ?? 0];
      const score = values[i] ?? 0;
      levels?.set(score, (levels.get(score) ?? 0) + 1);
    }
  }
  return features.map((truth, place) => quantileCalibration(truth, counts[place] ?? new Map()));
}

function checkQuestions(features: number, train: DocumentRange, test: DocumentRange): void {
  const questions = features * (test.to - train.from);
  if (questions <= ENDPOINT_QUESTIONS) return;
  throw new PatchbayError("request-too-large", "That would be too many questions to the language model.", {
    expected: `at most ${ENDPOINT_QUESTIONS} pairs of a feature and a text`,
    received: String(questions),
    advice: "Choose fewer features, or fewer tokens.",
    at: "features",
  });
}
