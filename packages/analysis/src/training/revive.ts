/**
 * Dead features start again on what the dictionary explains worst (resampling: Bricken et al. 2023). A row is drawn with a
 * probability in proportion to its squared error; the encoder takes the row's direction at a fifth of the living rows' mean
 * length times the row's own scale, the decoder that of its target about the mean, and Adam forgets both.
 */
import { ensureDefined, type Tensor } from "@patchbay/vocabulary";
import type { Parameter } from "./parameters.ts";
import { seededRandom } from "./random.ts";
import type { Trainee } from "./trainee.ts";

/** At most this share of the features starts again at once, so that the rest keeps its loss. */
const MOST_AT_ONCE = 0.1;

/** Returns how many features were revived. `x`, `y` and `rowErrors` are of the last batch, on the trained scale. */
export function reviveDead(trainee: Trainee, x: Tensor, y: Tensor, rowErrors: Float32Array): number {
  const { recipe, silent } = trainee;
  if (recipe.reviveAfter === 0) return 0;
  const dead: number[] = [];
  silent.forEach((tokens, feature) => {
    if (tokens >= recipe.reviveAfter) dead.push(feature);
  });
  if (dead.length === 0) return 0;
  const random = seededRandom(recipe.seed * 1_000_003 + trainee.steps);
  const chosen = dead.slice(0, Math.ceil(recipe.features * MOST_AT_ONCE));
  const cumulative = new Float64Array(rowErrors.length);
  let total = 0;
  rowErrors.forEach((error, row) => {
    total += error;
    cumulative[row] = total;
  });
  const encoder = trainee.parameter("W_enc");
  const decoder = trainee.parameter("W_dec");
  const bias = trainee.parameter("b_enc");
  const center = trainee.parameter("b_dec").value;
  const encoderLength = meanLength(encoder, silent, recipe.reviveAfter);
  const decoderLength = meanLength(decoder, silent, recipe.reviveAfter);
  for (const feature of chosen) {
    const row = rowAt(cumulative, random.uniform() * total);
    const isSae = recipe.kind === "sae";
    writeRow(
      encoder,
      feature,
      (i) => ensureDefined(x.data[row * recipe.inputWidth + i]) - (isSae ? (center[i] ?? 0) : 0),
      encoderLength,
    );
    writeRow(
      decoder,
      feature,
      (i) => ensureDefined(y.data[row * recipe.outputWidth + i]) - (center[i] ?? 0),
      decoderLength * (isSae ? 1 : 0.2),
    );
    bias.value[feature] = 0;
    bias.firstMoment[feature] = 0;
    bias.secondMoment[feature] = 0;
    silent[feature] = 0;
  }
  return chosen.length;
}

function meanLength({ value, shape }: Parameter, silent: Int32Array, limit: number): number {
  const [rows = 0, width = 0] = shape;
  let sum = 0;
  let count = 0;
  for (let row = 0; row < rows; row++) {
    if ((silent[row] ?? 0) >= limit) continue;
    let squares = 0;
    for (let i = 0; i < width; i++) squares += (value[row * width + i] ?? 0) ** 2;
    sum += Math.sqrt(squares);
    count++;
  }
  return count === 0 ? 1 : sum / count;
}

function writeRow(
  { value, firstMoment, secondMoment, shape }: Parameter,
  row: number,
  read: (i: number) => number,
  length: number,
) {
  const width = shape[1] ?? 0;
  let squares = 0;
  for (let i = 0; i < width; i++) squares += read(i) ** 2;
  const factor = length / (Math.sqrt(squares) || 1);
  for (let i = 0; i < width; i++) {
    value[row * width + i] = read(i) * factor;
    firstMoment[row * width + i] = 0;
    secondMoment[row * width + i] = 0;
  }
}

function rowAt(cumulative: Float64Array, target: number): number {
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cumulative[middle] ?? 0) < target) low = middle + 1;
    else high = middle;
  }
  return low;
}
