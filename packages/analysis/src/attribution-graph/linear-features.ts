/** Active features of one layer as linear maps: pre-activations follow the input, decoders write what moved. */
import { DICTIONARY_TENSORS, type Dictionary } from "@patchbay/dictionary";
import { GraphBuilder } from "@patchbay/onnx-graph";
import type { Engine, Program } from "@patchbay/transformer";
import { ensureDefined, type Tensor, tensor } from "@patchbay/vocabulary";
import { int64 } from "../programs/readout.ts";
import { dictionaryTensor } from "./linear-parts.ts";
import { dictionaryScale } from "./padded-reads.ts";
import type { RecordedRun } from "./recorded-run.ts";
import type { ReplacementLayer } from "./replacement-model.ts";
import { encoderProgram } from "./start-programs.ts";
import { decoderRows } from "./weight-vectors.ts";

/** Active features whose vectors are looked at together. */
const FEATURES_A_RUN = 2048;

export class LinearFeatures {
  /** Columns of the layer's active features begin here in the list of all. */
  readonly firstColumn: number;
  readonly #count: number;
  readonly #engine: Engine;
  readonly #run: RecordedRun;
  readonly #replaced: ReplacementLayer;
  readonly #signal: AbortSignal;
  readonly #positions: Int32Array;

  constructor(engine: Engine, run: RecordedRun, replaced: ReplacementLayer, signal: AbortSignal) {
    const cell = replaced.layer * run.positions;
    this.firstColumn = run.features.starts[cell] ?? 0;
    this.#count = (run.features.starts[cell + run.positions] ?? 0) - this.firstColumn;
    this.#engine = engine;
    this.#run = run;
    this.#replaced = replaced;
    this.#signal = signal;
    this.#positions = new Int32Array(this.#count);
    for (let position = 0; position < run.positions; position++) {
      const [start = 0, end = 0] = run.features.starts.subarray(cell + position, cell + position + 2);
      this.#positions.fill(position, start - this.firstColumn, end - this.firstColumn);
    }
  }

  /** [active feature of the layer], for a change [position, input] of what the dictionary reads. */
  async preActivationChanges(difference: Float32Array): Promise<Float32Array> {
    const { dictionary } = this.#replaced;
    const width = dictionary.spec.inputWidth;
    const input = ensureDefined(this.#run.layers[this.#replaced.layer]?.input);
    const changes = new Float32Array(this.#count);
    for (const { start, features, positions } of this.#pieces()) {
      const scales = Float32Array.from(positions, (position) => dictionaryScale(this.#replaced, input, position));
      const { direction } = await this.#engine.evaluate(
        encoderProgram(dictionary),
        { features: int64(features), scale: tensor(["target", "one"], [features.length, 1], scales) },
        ["direction"],
        this.#signal,
      );
      const { dots } = await this.#engine.evaluate(
        rowDotProgram(width),
        {
          rows: direction,
          vectors: tensor(["position", "input"], [difference.length / width, width], difference),
          places: int64(positions),
        },
        ["dots"],
        this.#signal,
      );
      changes.set(dots.data, start);
    }
    return changes;
  }

  /** [position, residual]: what changes of the activations write to one output. */
  async written(changes: Float32Array, output: number): Promise<Float32Array> {
    const width = this.#replaced.dictionary.spec.outputWidth;
    const sum = new Float32Array(this.#run.positions * width);
    for (const { start, features, positions } of this.#pieces()) {
      const { data } = await decoderRows(this.#engine, this.#replaced, output, features, this.#signal);
      positions.forEach((position, row) => {
        const change = changes[start + row] ?? 0;
        if (change === 0) return;
        const [to, from] = [position * width, row * width];
        for (let i = 0; i < width; i++) sum[to + i] = (sum[to + i] ?? 0) + change * (data[from + i] ?? 0);
      });
    }
    return sum;
  }

  *#pieces(): Generator<{ start: number; features: number[]; positions: number[] }> {
    for (let start = 0; start < this.#count; start += FEATURES_A_RUN) {
      const end = Math.min(this.#count, start + FEATURES_A_RUN);
      yield {
        start,
        features: [...this.#run.features.features.subarray(this.firstColumn + start, this.firstColumn + end)],
        positions: [...this.#positions.subarray(start, end)],
      };
    }
  }
}

/** `rows` [n, width] · `vectors` [position, width] at `places` int64 [n] → `dots` [n]. */
function rowDotProgram(width: number): Program {
  const key = `attribution-graph.row-dots.${width}`;
  return {
    key,
    build() {
      const g = new GraphBuilder(key);
      const rows = g.input("rows", "float32", ["row", width]);
      const vectors = g.gather(
        g.input("vectors", "float32", ["position", width]),
        g.input("places", "int64", ["row"]),
        0,
      );
      g.output(g.sum(g.multiply(rows, vectors), [1]), "float32", ["row"], "dots");
      return g.build();
    },
  };
}

/** Change [row, input] of what a transcoder reads → what its skip path makes of it, [row, output]. */
export async function skipChange(
  engine: Engine,
  { dictionary }: { readonly dictionary: Dictionary },
  difference: Float32Array,
  signal: AbortSignal,
): Promise<Float32Array> {
  const key = `attribution-graph.skip.${dictionary.hash}`;
  const width = dictionary.spec.inputWidth;
  const program: Program = {
    key,
    build() {
      const g = new GraphBuilder(key);
      const change = g.input("change", "float32", ["row", width]);
      const skip = dictionaryTensor(g, dictionary, DICTIONARY_TENSORS.skip);
      g.output(g.generalProduct(change, skip, { transposeB: true }), "float32", ["row", "output"], "written");
      return g.build();
    },
  };
  const change: Tensor = tensor(["row", "input"], [difference.length / width, width], difference);
  return (await engine.evaluate(program, { change }, ["written"], signal)).written.data;
}
