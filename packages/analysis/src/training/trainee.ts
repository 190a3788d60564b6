/** One dictionary while it is trained: its parameters, its steps on the runtime, and what it becomes. */
import type { Engine, Program } from "@patchbay/transformer";
import {
  ensureDefined,
  InvariantError,
  PatchbayError,
  type Tensor,
  type TensorData,
  tensor,
} from "@patchbay/vocabulary";
import type { ActivationScale } from "./activation-scale.ts";
import { initialParameters } from "./initial-parameters.ts";
import { type Parameter, type ParameterName, parameterTensor, turnOver } from "./parameters.ts";
import { keptPlaces, type Recipe } from "./recipe.ts";
import { buildAccumulateGraph, buildDenseStep, buildKeptStep, parameterNames, STEP, shapeKey } from "./step-graphs.ts";
import { buildUpdateGraph, correctedRate, UPDATE } from "./update-graph.ts";

export interface StepReport {
  readonly loss: number;
  /** Mean number of active features. */
  readonly l0: number;
  /** Squared error over the batch's variance about its own mean. */
  readonly unexplained: number;
  readonly deadShare: number;
  /** [row]: squared error of each row, on the trained scale. */
  readonly rowErrors: Float32Array;
}

/** How fast the running threshold of BatchTopK follows. */
const THRESHOLD_MEMORY = 0.99;

export class Trainee {
  readonly recipe: Recipe;
  readonly scale: ActivationScale;
  readonly parameters: readonly Parameter[];
  /** [feature]: tokens since it fired. */
  readonly silent: Int32Array;
  steps = 0;
  /** BatchTopK: running mean of the smallest kept activation. */
  threshold = 0;
  /** Where the rows of a step are put; made once, because megabytes of garbage a step keep the collector busy. */
  readonly inputRows: Float32Array;
  readonly targetRows: Float32Array;
  readonly #engine: Engine;
  readonly #gradients = new Map<ParameterName, Tensor>();
  readonly #kept: Readonly<Record<string, Tensor<TensorData>>>;

  constructor(engine: Engine, recipe: Recipe, scale: ActivationScale) {
    this.#engine = engine;
    this.recipe = recipe;
    this.scale = scale;
    this.parameters = initialParameters(recipe, scale);
    this.silent = new Int32Array(recipe.features);
    const { batch, inputWidth, outputWidth } = recipe;
    this.inputRows = new Float32Array(batch * inputWidth);
    this.targetRows = recipe.kind === "sae" ? this.inputRows : new Float32Array(batch * outputWidth);
    const places = keptPlaces(recipe);
    this.#kept =
      places === undefined
        ? {}
        : {
            [STEP.activations]: rowsOf(batch, places, new Float32Array(batch * places)),
            [STEP.places]: rowsOf(batch, places, new BigInt64Array(batch * places)),
            [STEP.gradient("kept")]: rowsOf(batch, places, new Float32Array(batch * places)),
            [STEP.gradient(STEP.output)]: rowsOf(batch, outputWidth, new Float32Array(batch * outputWidth)),
          };
    for (const parameter of this.parameters) {
      this.#gradients.set(parameter.name, parameterTensor(parameter, new Float32Array(parameter.value.length)));
    }
  }

  /** One step on rows of scaled activations; x is y in an SAE. */
  async step(x: Tensor, y: Tensor, learningRate: number, signal?: AbortSignal): Promise<StepReport> {
    const { recipe } = this;
    this.steps++;
    const weights = Object.fromEntries(this.parameters.map((each) => [each.name, parameterTensor(each, each.value)]));
    const feeds = { ...weights, [STEP.input]: x, ...(recipe.kind === "sae" ? {} : { [STEP.target]: y }) };
    const report =
      keptPlaces(recipe) === undefined
        ? await this.#denseStep(feeds, y, signal)
        : await this.#keptStep(feeds, y, signal);
    if (!Number.isFinite(report.loss)) {
      throw new PatchbayError("not-finite", `The training of "${recipe.name}" diverged at step ${this.steps}.`, {
        received: `a loss of ${report.loss}`,
        advice: "Lower the learning rate; the last checkpoint is kept.",
      });
    }
    await this.#update(learningRate, signal);
    return report;
  }

  parameter(name: ParameterName): Parameter {
    const found = this.parameters.find((each) => each.name === name);
    if (found === undefined) throw new InvariantError(`the recipe ${this.recipe.name} has no ${name}`);
    return found;
  }

  async #keptStep(feeds: Record<string, Tensor>, y: Tensor, signal?: AbortSignal): Promise<StepReport> {
    const { recipe } = this;
    const key = shapeKey(recipe);
    const dense = (["b_dec", "W_skip"] as const).filter((name) => parameterNames(recipe).includes(name));
    const found = await this.#engine.evaluate(
      { key: `train.kept.${key}`, build: () => buildKeptStep(recipe) },
      feeds,
      [
        STEP.loss,
        STEP.rowError,
        STEP.activations,
        STEP.places,
        STEP.gradient("kept"),
        STEP.gradient(STEP.output),
        ...dense.map(STEP.gradient),
      ],
      signal,
      { ...this.#kept, ...this.#gradientPlaces(dense) },
    );
    const passOn = [STEP.activations, STEP.places, STEP.gradient("kept"), STEP.gradient(STEP.output)];
    const sums = ["W_enc", "W_dec", "b_enc"] as const;
    const program: Program = {
      key: `train.accumulate.${key}`,
      inOneThread: true,
      build: () => buildAccumulateGraph(recipe),
    };
    await this.#engine.evaluate(
      program,
      {
        [STEP.input]: ensureDefined(feeds[STEP.input]),
        ...Object.fromEntries(passOn.map((name) => [name, ensureDefined(found[name])])),
        ...(recipe.kind === "sae" ? { b_dec: ensureDefined(feeds["b_dec"]) } : {}),
      },
      sums.map(STEP.gradient),
      signal,
      this.#gradientPlaces(sums),
    );
    const activations = ensureDefined(found[STEP.activations]).data;
    const active = this.#countKept(activations, ensureDefined(found[STEP.places]).data as unknown as BigInt64Array);
    return this.#report(ensureDefined(found[STEP.loss]), ensureDefined(found[STEP.rowError]), active, y);
  }

  async #denseStep(feeds: Record<string, Tensor>, y: Tensor, signal?: AbortSignal): Promise<StepReport> {
    const { recipe } = this;
    const names = parameterNames(recipe);
    const found = await this.#engine.evaluate(
      { key: `train.dense.${shapeKey(recipe)}`, build: () => buildDenseStep(recipe) },
      feeds,
      [STEP.loss, STEP.rowError, STEP.largest, STEP.active, ...names.map(STEP.gradient)],
      signal,
      this.#gradientPlaces(names),
    );
    const largest = ensureDefined(found[STEP.largest]).data;
    for (let feature = 0; feature < recipe.features; feature++) {
      this.silent[feature] = (largest[feature] ?? 0) > 0 ? 0 : (this.silent[feature] ?? 0) + recipe.batch;
    }
    const active = (ensureDefined(found[STEP.active]).data[0] ?? 0) * recipe.batch;
    return this.#report(ensureDefined(found[STEP.loss]), ensureDefined(found[STEP.rowError]), active, y);
  }

  async #update(learningRate: number, signal?: AbortSignal): Promise<void> {
    const feeds: Record<string, Tensor> = {
      [UPDATE.rate]: tensor([], [], Float32Array.of(correctedRate(learningRate, this.steps))),
    };
    const into: Record<string, Tensor> = {};
    for (const each of this.parameters) {
      const { name } = each;
      feeds[name] = parameterTensor(each, each.value);
      feeds[STEP.gradient(name)] = ensureDefined(this.#gradients.get(name));
      feeds[UPDATE.firstMoment(name)] = parameterTensor(each, each.firstMoment);
      feeds[UPDATE.secondMoment(name)] = parameterTensor(each, each.secondMoment);
      into[UPDATE.next(name)] = parameterTensor(each, each.spare.value);
      into[UPDATE.next(UPDATE.firstMoment(name))] = parameterTensor(each, each.spare.firstMoment);
      into[UPDATE.next(UPDATE.secondMoment(name))] = parameterTensor(each, each.spare.secondMoment);
    }
    const program = {
      key: `train.update.${shapeKey(this.recipe)}.${this.recipe.unitDecoder}`,
      build: () => buildUpdateGraph(this.recipe),
    };
    await this.#engine.evaluate(program, feeds, Object.keys(into), signal, into);
    for (const each of this.parameters) turnOver(each);
  }

  #gradientPlaces(names: readonly ParameterName[]): Record<string, Tensor> {
    return Object.fromEntries(names.map((name) => [STEP.gradient(name), ensureDefined(this.#gradients.get(name))]));
  }

  /** Marks what fired, and returns how many activations are above 0. */
  #countKept(activations: Float32Array, places: BigInt64Array): number {
    const low = new Int32Array(places.buffer, places.byteOffset, places.length * 2);
    const { silent, recipe } = this;
    for (let feature = 0; feature < silent.length; feature++) silent[feature] = (silent[feature] ?? 0) + recipe.batch;
    let count = 0;
    let smallest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < activations.length; i++) {
      const activation = activations[i] ?? 0;
      if (activation <= 0) continue;
      count++;
      if (activation < smallest) smallest = activation;
      silent[low[2 * i] ?? 0] = 0;
    }
    if (Number.isFinite(smallest)) {
      this.threshold =
        this.steps === 1 ? smallest : THRESHOLD_MEMORY * this.threshold + (1 - THRESHOLD_MEMORY) * smallest;
    }
    return count;
  }

  #report(loss: Tensor, rowError: Tensor, active: number, y: Tensor): StepReport {
    const { recipe, silent } = this;
    const dead = silent.reduce((sum, tokens) => sum + (tokens >= (recipe.reviveAfter || DEAD_AFTER) ? 1 : 0), 0);
    const squaredError = rowError.data.reduce((sum, value) => sum + value, 0);
    return {
      loss: loss.data[0] ?? Number.NaN,
      l0: active / recipe.batch,
      unexplained: squaredError / varianceOf(y),
      deadShare: dead / recipe.features,
      rowErrors: rowError.data,
    };
  }
}

function rowsOf<Data extends TensorData>(rows: number, width: number, data: Data): Tensor<Data> {
  return tensor(["row", "value"], [rows, width], data);
}

/** Where nothing is revived, a feature still counts as dead after this many tokens. */
const DEAD_AFTER = 100_000;

/** Σ over rows of ‖y − mean y‖². */
function varianceOf({ shape, data }: Tensor): number {
  const [rows = 0, width = 0] = shape;
  const sums = new Float64Array(width);
  let squares = 0;
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < width; i++) {
      const value = data[row * width + i] ?? 0;
      sums[i] = (sums[i] ?? 0) + value;
      squares += value * value;
    }
  }
  return squares - sums.reduce((sum, value) => sum + (value * value) / rows, 0);
}
