/**
 * How the shares travel: every source's part of the stream carried upwards through the frozen model (DecompX), and read at each
 * depth by the target's gradient there.
 */
import type { DecompositionFlow, Token } from "@patchbay/contract";
import { GraphBuilder } from "@patchbay/onnx-graph";
import type { Engine, Program } from "@patchbay/transformer";
import { ensureDefined, headLabel, PatchbayError, type Tensor, tensor } from "@patchbay/vocabulary";
import { tensorToJson } from "../run/tensor-json.ts";
import { embeddingAt, vectorOf } from "./component-sets.ts";
import { blocksBelow, mlpIsBelow } from "./components.ts";
import { dot, type FrozenRun } from "./frozen-run.ts";
import { type BlockParts, propagateParts } from "./propagate.ts";
import type { ResolvedTarget } from "./target.ts";
import type { Shares } from "./token-shares.ts";

/** Numbers of the largest table, [state, source, position]. */
const TABLE_LIMIT = 2_000_000;

/** @throws PatchbayError `result-too-large` */
export async function flowOf(
  engine: Engine,
  run: FrozenRun,
  target: ResolvedTarget,
  shares: Shares,
  tokens: readonly Token[],
  signal: AbortSignal,
): Promise<DecompositionFlow> {
  const { shape } = engine.model;
  const { length } = run;
  const width = shape.residualWidth;
  const sources = length + 1;
  const depth = blocksBelow(target.place);
  if ((depth + 1) * sources * length > TABLE_LIMIT) {
    throw new PatchbayError("result-too-large", "The flow of this prompt is too many numbers for one answer.", {
      expected: `at most ${TABLE_LIMIT.toLocaleString("en")} numbers`,
      received: `${depth + 1} states × ${sources} sources × ${length} positions`,
      advice: "Shorten the prompt.",
      at: "flow",
    });
  }
  const stream = new Float32Array(sources * length * width);
  for (let position = 0; position < length; position++) {
    stream.set(embeddingAt(run, position), (position * length + position) * width);
  }
  const biases = new Float32Array(sources);
  biases[length] = 1;

  const direct = new Table(sources);
  const through = new Table(sources);
  const carried: Float32Array[] = [];
  const readout: number[] = [];
  /** Of every source, what its part at the target's position gives directly. */
  const read = (parts: Tensor) =>
    Array.from({ length: sources }, (_, row) => dot(vectorOf(parts, row, target.position), target.direction));
  const reach = async (parts: Tensor, gradient: Float32Array | undefined) => {
    carried.push(await rowDots(engine, parts, ensureDefined(gradient, "gradient of a state"), signal));
    readout.push(...read(parts));
  };
  const start = tensor(["row", "position", "residual"], [sources, length, width], stream);
  await reach(start, shares.gradients[0]);
  direct.add("embed", read(start));
  through.add("embed", sumsOfRows(ensureDefined(carried[0]), sources));

  const visit = async (layer: number, parts: BlockParts) => {
    const reading = ensureDefined(shares.readings[layer]);
    const gradient = ensureDefined(shares.blocks.get(layer));
    const perHead = sumOverPositions(await headDots(engine, parts.z, gradient.z, signal), sources, shape.heads);
    const attended = sumsOfRows(await rowDots(engine, parts.attentionOut, gradient.attentionOut, signal), sources);
    for (let head = 0; head < shape.heads; head++) {
      const ofHead = (values: Float32Array) => values.subarray(head * shape.headWidth, (head + 1) * shape.headWidth);
      direct.add(
        headLabel(layer, head),
        Array.from({ length: sources }, (_, row) =>
          dot(ofHead(vectorOf(flat(parts.z), row, target.position)), ofHead(reading.z)),
        ),
      );
      const column = Array.from({ length: sources }, (_, row) => perHead[row * shape.heads + head] ?? 0);
      through.add(headLabel(layer, head), column);
      for (const [row, value] of column.entries()) attended[row] = (attended[row] ?? 0) - value;
    }
    if (reading.bias !== 0) {
      const onlyBiases = (value: number) => Array.from({ length: sources }, (_, row) => (row === length ? value : 0));
      direct.add(`${layer}_attn_bias`, onlyBiases(reading.bias));
      // What attention gives beyond its heads is its output bias.
      through.add(`${layer}_attn_bias`, onlyBiases(attended[length] ?? 0));
    }
    if (mlpIsBelow(layer, target.place, shape.neurons)) {
      direct.add(`${layer}_mlp_out`, read(parts.mlpOut));
      const dots = await rowDots(engine, parts.mlpOut, gradient.mlpOut, signal);
      through.add(`${layer}_mlp_out`, sumsOfRows(dots, sources));
    }
    await reach(layer === target.place.layer ? parts.middle : parts.next, shares.gradients[layer + 1]);
  };
  await propagateParts(engine, run, { stream: start, biases }, depth, visit, signal);
  const constant = target.constants.reduce((sum, { share }) => sum + share, 0);
  if (constant !== 0) {
    const column = Array.from({ length: sources }, (_, row) => (row === length ? constant : 0));
    direct.add("target_bias", column);
    through.add("target_bias", column);
  }
  const states = ["embed", ...Array.from({ length: depth }, (_, layer) => nameOfState(layer, target))];
  const cube = new Float32Array(states.length * sources * length);
  for (const [i, values] of carried.entries()) cube.set(values, i * sources * length);
  return {
    sources: [...tokens.map(({ text }, position) => `${position} ${text}`), "biases"],
    components: direct.labels,
    direct: tensorToJson(direct.toTensor()),
    through: tensorToJson(through.toTensor()),
    states,
    carried: tensorToJson(tensor(["state", "source", "position"], [states.length, sources, length], cube)),
    readout: tensorToJson(tensor(["state", "source"], [states.length, sources], Float32Array.from(readout))),
  };
}

function nameOfState(layer: number, { place }: ResolvedTarget): string {
  return layer === place.layer ? `${layer}_mid` : String(layer);
}

/** [source, component], filled column by column. */
class Table {
  readonly labels: string[] = [];
  readonly #sources: number;
  readonly #columns: (readonly number[])[] = [];

  constructor(sources: number) {
    this.#sources = sources;
  }

  add(label: string, column: readonly number[]): void {
    this.labels.push(label);
    this.#columns.push(column);
  }

  toTensor(): Tensor {
    const data = new Float32Array(this.#sources * this.labels.length);
    for (const [c, column] of this.#columns.entries()) {
      for (const [row, value] of column.entries()) data[row * this.labels.length + c] = value;
    }
    return tensor(["source", "component"], [this.#sources, this.labels.length], data);
  }
}

/** [row, position, head, head_dimension] with a position's heads joined. */
function flat({ shape, data }: Tensor): Tensor {
  const [rows = 0, positions = 0, heads = 0, width = 0] = shape;
  return tensor(["row", "position", "vector"], [rows, positions, heads * width], data);
}

/** Σ over the last axis of parts [row, position, …] × gradient [position, …]: [row × position]. */
async function rowDots(
  engine: Engine,
  parts: Tensor,
  gradient: Float32Array,
  signal: AbortSignal,
): Promise<Float32Array> {
  const [, positions = 0, width = 0] = parts.shape;
  const feeds = { parts, gradient: tensor(["position", "vector"], [positions, width], gradient) };
  const { dots } = await engine.evaluate(DOTS, feeds, ["dots"], signal);
  return dots.data;
}

/** The same for each head: [row × position × head]. */
async function headDots(engine: Engine, z: Tensor, gradient: Float32Array, signal: AbortSignal): Promise<Float32Array> {
  const [rows = 0, positions = 0, heads = 0, width = 0] = z.shape;
  const joined = tensor(["row", "position", "vector"], [rows, positions * heads, width], z.data);
  return rowDots(engine, joined, gradient, signal);
}

const DOTS: Program = {
  key: "decomposition.dots",
  build() {
    const g = new GraphBuilder("decomposition.dots");
    const parts = g.input("parts", "float32", ["row", "position", "vector"]);
    const gradient = g.input("gradient", "float32", ["position", "vector"]);
    g.output(g.sum(g.multiply(parts, gradient), [-1]), "float32", ["row", "position"], "dots");
    return g.build();
  },
};

/** [row × each] → one sum a row. */
function sumsOfRows(values: Float32Array, rows: number): number[] {
  const each = values.length / rows;
  return Array.from({ length: rows }, (_, row) =>
    values.subarray(row * each, (row + 1) * each).reduce((sum, value) => sum + value, 0),
  );
}

/** [row × position × head] → [row × head] */
function sumOverPositions(values: Float32Array, rows: number, heads: number): Float64Array {
  const each = values.length / rows;
  const sums = new Float64Array(rows * heads);
  for (const [i, value] of values.entries()) {
    const at = Math.floor(i / each) * heads + (i % heads);
    sums[at] = (sums[at] ?? 0) + value;
  }
  return sums;
}
