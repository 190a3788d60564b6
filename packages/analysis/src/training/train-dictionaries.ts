/**
 * Trains any number of dictionaries from one harvest. Text is read in chunks; a chunk's activations are held in memory,
 * shuffled, and every dictionary takes the same batches of it. After a stop the run continues at the step where it was, with
 * the same numbers as if it had not stopped.
 */
import { createHash } from "node:crypto";
import type { TrainingLive, TrainingOutcome, TrainingPoint, TrainingRequest } from "@patchbay/contract";
import type { Dictionary, DictionaryWeights } from "@patchbay/dictionary";
import { axisLengthOf, type Engine, type Tokenizer } from "@patchbay/transformer";
import { canonicalJson, describeSite, ensureDefined, nameOf, type Site } from "@patchbay/vocabulary";
import { measureQuality, measureSet } from "../dictionary-quality/measure-quality.ts";
import type { ArtefactStore, WorkContext } from "../model-service.ts";
import { type ActivationChunk, harvestChunk } from "./activation-chunk.ts";
import { measureScale } from "./activation-scale.ts";
import { decodeCheckpoint, encodeCheckpoint, type Progress } from "./checkpoint.ts";
import { finishedDictionary } from "./finished-dictionary.ts";
import { type Recipe, recipeOf } from "./recipe.ts";
import { reviveDead } from "./revive.ts";
import { learningRateAt } from "./schedule.ts";
import { Trainee } from "./trainee.ts";
import { openTrainingTexts, stepsOf, type TrainingTexts } from "./training-texts.ts";

export interface TrainingParts {
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  readonly prependBos: boolean;
  readonly modelName: string;
  readonly licence: string | null;
  readonly artefacts: ArtefactStore;
  /** Stores a finished dictionary under its name, in place of one that has it. */
  install(weights: DictionaryWeights): Promise<Dictionary>;
}

/** Rows of activations held at once; each is a few kilobytes a site. */
const CHUNK_TOKENS = 49_152;
const CHECKPOINT_MILLISECONDS = 120_000;
/** Points of a curve that are kept; older ones are thinned as it grows. */
const CURVE_POINTS = 240;
/** Bump when the same request would train otherwise. */
const METHOD_VERSION = 1;

const DEFAULTS = {
  batch: 2048,
  learningRate: 3e-3,
  warmup: 0.02,
  decay: 0.5,
  reviveAfter: 100_000,
  evaluationTokens: 20_000,
} as const;

export async function trainDictionaries(
  parts: TrainingParts,
  request: TrainingRequest,
  context: WorkContext,
): Promise<TrainingOutcome> {
  const run = new TrainingRun(parts, request, context);
  return run.execute();
}

class TrainingRun {
  readonly #parts: TrainingParts;
  readonly #request: TrainingRequest;
  readonly #context: WorkContext;
  readonly #recipes: readonly Recipe[];
  readonly #sites: readonly Site[];
  readonly #checkpointKey: string;
  readonly #batch: number;
  readonly #steps: number;
  #points: TrainingPoint[] = [];
  #seconds = 0;

  constructor(parts: TrainingParts, request: TrainingRequest, context: WorkContext) {
    this.#parts = parts;
    this.#request = request;
    this.#context = context;
    this.#batch = request.batch ?? DEFAULTS.batch;
    this.#steps = Math.max(1, Math.floor(request.tokens / this.#batch));
    const { shape, hash } = parts.engine.model;
    const widthOf = ({ kind }: Site) =>
      describeSite(kind)
        .axes.slice(2)
        .reduce((width, axis) => width * (axisLengthOf(shape, axis) ?? 1), 1);
    this.#recipes = request.targets.map((target) =>
      recipeOf(target, {
        batch: this.#batch,
        unitDecoder: request.unitDecoder,
        reviveAfter: request.reviveAfter ?? DEFAULTS.reviveAfter,
        widthOf,
      }),
    );
    const sites = new Map(
      this.#recipes.flatMap(({ inputSite, outputSite }) => [inputSite, outputSite]).map((site) => [nameOf(site), site]),
    );
    this.#sites = [...sites.values()];
    const identity = createHash("sha256")
      .update(canonicalJson({ request, hash, version: METHOD_VERSION }))
      .digest("hex");
    this.#checkpointKey = `training-${identity.slice(0, 24)}.safetensors`;
  }

  async execute(): Promise<TrainingOutcome> {
    const { engine, tokenizer, prependBos, artefacts } = this.#parts;
    const { signal } = this.#context;
    this.#tell(0, "reading the text", "sampling");
    const texts = await openTrainingTexts(this.#request.corpus, {
      engine,
      rules: { tokenizer, prependBos, context: engine.model.shape.context },
      bosToken: tokenizer.bosToken,
      eosToken: tokenizer.eosToken,
      chunkTokens: Math.min(CHUNK_TOKENS, this.#steps * this.#batch),
      evaluationTokens: this.#request.evaluationTokens ?? DEFAULTS.evaluationTokens,
    });
    const stored = await artefacts.read(this.#checkpointKey);
    const checkpoint = stored === undefined ? undefined : decodeCheckpoint(stored);
    let trainees: readonly Trainee[] | undefined;
    let done = 0;
    let progress: Progress = { chunk: 0, batch: 0, points: [], seconds: 0 };
    if (checkpoint !== undefined) {
      trainees = this.#recipes.map((recipe, i) => new Trainee(engine, recipe, ensureDefined(checkpoint.scales[i])));
      checkpoint.restore(trainees);
      done = trainees[0]?.steps ?? 0;
      progress = checkpoint;
      this.#points = [...checkpoint.points];
      this.#seconds = checkpoint.seconds;
    }
    let started = performance.now();
    let saved = started;
    const save = async (at: Pick<Progress, "chunk" | "batch">) => {
      this.#seconds += (performance.now() - started) / 1000;
      started = performance.now();
      const bytes = encodeCheckpoint(ensureDefined(trainees), { ...at, points: this.#points, seconds: this.#seconds });
      await artefacts.write(this.#checkpointKey, bytes);
      saved = performance.now();
    };

    for (let number = progress.chunk; done < this.#steps; number++) {
      const first = number === progress.chunk ? progress.batch : 0;
      const chunk = await this.#chunk(texts, number, trainees);
      trainees ??= this.#begin(chunk.values);
      let batch = first;
      try {
        for (; batch < chunk.steps && done < this.#steps; batch++, done++) {
          await this.#step(trainees, chunk.values, batch, done);
          if (performance.now() - saved > CHECKPOINT_MILLISECONDS) await save({ chunk: number, batch: batch + 1 });
        }
      } catch (error) {
        // Between two dictionaries of one step nothing consistent can be stored: the last whole step is.
        if (signal.aborted && trainees.every(({ steps }) => steps === done)) await save({ chunk: number, batch });
        throw error;
      }
    }
    await save({ chunk: Number.MAX_SAFE_INTEGER, batch: 0 });
    const outcome = await this.#finish(ensureDefined(trainees), texts);
    await artefacts.remove(this.#checkpointKey);
    return outcome;
  }

  async #chunk(texts: TrainingTexts, number: number, trainees: readonly Trainee[] | undefined) {
    const { engine } = this.#parts;
    const { signal } = this.#context;
    const fraction = (trainees?.[0]?.steps ?? 0) / this.#steps;
    const corpus = await texts.chunk(number, signal, (message) => this.#tell(fraction, message, "sampling"));
    this.#tell(fraction, "reading activations", "sampling");
    const values = await harvestChunk(engine, corpus, this.#sites, {
      from: 0,
      to: corpus.documents.length,
      seed: number + 1,
      signal,
    });
    return { values, steps: stepsOf(corpus, this.#batch) };
  }

  #begin(values: ActivationChunk): Trainee[] {
    return this.#recipes.map((recipe) => {
      const input = values.site(this.#siteIndex(recipe.inputSite));
      const output = values.site(this.#siteIndex(recipe.outputSite));
      return new Trainee(this.#parts.engine, recipe, measureScale(input, output));
    });
  }

  async #step(trainees: readonly Trainee[], values: ActivationChunk, batch: number, done: number): Promise<void> {
    const { signal } = this.#context;
    const { learningRate = DEFAULTS.learningRate, warmup = DEFAULTS.warmup, decay = DEFAULTS.decay } = this.#request;
    const rate = learningRateAt(done, this.#steps, learningRate, { warmup, decay });
    const record = done % Math.max(1, Math.floor(this.#steps / CURVE_POINTS)) === 0 || done === this.#steps - 1;
    for (const [target, trainee] of trainees.entries()) {
      const { recipe, scale } = trainee;
      // A dictionary that finished this step before the stop waits for the others.
      if (trainee.steps > done) continue;
      signal.throwIfAborted();
      const x = values.batch(this.#siteIndex(recipe.inputSite), batch, scale.input, trainee.inputRows);
      const y =
        recipe.kind === "sae"
          ? x
          : values.batch(this.#siteIndex(recipe.outputSite), batch, scale.output, trainee.targetRows);
      const report = await trainee.step(x, y, rate);
      // Not near the end, where a feature that starts again has no time to find its place.
      const settles = done > this.#steps * 0.8;
      if (recipe.reviveAfter > 0 && !settles && (done + 1) % REVIVE_EVERY === 0)
        reviveDead(trainee, x, y, report.rowErrors);
      if (record) {
        const { loss, l0, unexplained, deadShare } = report;
        this.#points.push({
          step: done,
          tokens: (done + 1) * this.#batch,
          target,
          loss,
          l0,
          unexplained,
          deadShare,
          learningRate: rate,
        });
      }
    }
    this.#tell((done + 1) / this.#steps, `step ${done + 1} of ${this.#steps}`, "training", done + 1);
  }

  async #finish(trainees: readonly Trainee[], texts: TrainingTexts): Promise<TrainingOutcome> {
    const { engine, modelName, licence, prependBos, install } = this.#parts;
    const { signal } = this.#context;
    const set = this.#request.set ?? null;
    const installed: Dictionary[] = [];
    for (const [target, trainee] of trainees.entries()) {
      const weights = finishedDictionary(trainee, {
        set,
        modelName,
        modelHash: engine.model.hash,
        licence,
        skipsFirstPosition: prependBos,
        training: {
          request: this.#request,
          text: texts.name,
          tokens: trainee.steps * this.#batch,
          points: this.#points.filter((point) => point.target === target),
        },
      });
      installed.push(await install(weights));
    }
    this.#tell(1, "measuring quality on held-out text", "evaluating");
    const { heldOut } = texts;
    const progress = (_: number, message: string) => this.#tell(1, message, "evaluating");
    const qualities =
      heldOut === undefined ? [] : await measureQuality(engine, heldOut, installed, { signal, progress });
    const together = heldOut !== undefined && set !== null && oneALayer(installed);
    const setQuality = together ? await measureSet(engine, heldOut, set, installed, signal) : null;
    return {
      dictionaries: installed.map(({ spec, hash }, i) => ({ name: spec.name, hash, quality: qualities[i] ?? null })),
      setQuality,
      tokens: this.#steps * this.#batch,
      seconds: this.#seconds,
      points: this.#points,
    };
  }

  #siteIndex(site: Site): number {
    return this.#sites.findIndex((other) => nameOf(other) === nameOf(site));
  }

  #tell(fraction: number, message: string, phase: TrainingLive["phase"], done = 0): void {
    if (phase !== "training") this.#rate.length = 0;
    else this.#rate.push({ at: performance.now(), done });
    if (this.#rate.length > 20) this.#rate.shift();
    const [oldest] = this.#rate;
    const span = oldest === undefined ? 0 : (performance.now() - oldest.at) / 1000;
    const live: TrainingLive = {
      targets: this.#recipes.map(({ name }) => name),
      points: this.#points,
      tokensPerSecond: span > 0 && oldest !== undefined ? ((done - oldest.done) * this.#batch) / span : 0,
      phase,
    };
    this.#context.progress?.(fraction, message, live);
  }

  readonly #rate: { at: number; done: number }[] = [];
}

const REVIVE_EVERY = 25;

function oneALayer(dictionaries: readonly Dictionary[]): boolean {
  const sites = dictionaries.map(({ spec }) => spec.outputSites[0]);
  return sites.length > 1 && new Set(sites).size === sites.length;
}
