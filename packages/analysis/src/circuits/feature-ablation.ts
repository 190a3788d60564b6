/**
 * Ablation of features in the run as it stands: with f its features, r what takes their place, e its error and r_e what takes
 * the error's place, the output site gains Σ_{ablated} (r − f)·W_dec, and r_e − e where errors are ablated too.
 */
import { DICTIONARY_TENSORS, type Dictionary } from "@patchbay/dictionary";
import { GraphBuilder } from "@patchbay/onnx-graph";
import { type Engine, float32Value, type Program, type SiteEdit } from "@patchbay/transformer";
import { ensureDefined, parseSite, type Tensor, tensor } from "@patchbay/vocabulary";
import { rowsPerPiece } from "../dictionaries/encode-features.ts";
import type { SparseFeatures } from "../dictionaries/sparse-features.ts";
import { type FeatureValues, featuresAndErrors } from "./ablation-values.ts";
import { type Arm, type Extent, nodePositions } from "./arms.ts";
import type { AblatedDictionary } from "./universe.ts";

/** One position of one row that changes. */
interface Cell {
  readonly row: number;
  readonly position: number;
}

export interface FeatureAblation {
  readonly ablated: AblatedDictionary;
  readonly values: FeatureValues;
  readonly errors: "keep" | "ablate";
  readonly arms: readonly Arm[];
  readonly extent: Extent;
}

/** `input` and `output` are the values at the dictionary's sites, [row, position, …], one row an arm. */
export async function featureEdits(
  engine: Engine,
  { ablated, values, errors, arms, extent }: FeatureAblation,
  input: Tensor,
  output: Tensor,
  signal: AbortSignal,
): Promise<SiteEdit[]> {
  const { dictionary } = ablated;
  const { spec } = dictionary;
  const first = Math.max(extent.first, spec.skipsFirstPosition ? 1 : 0);
  const named = arms.map((arm) => namedFeatures(arm, spec.name, extent.length));
  const cells: Cell[] = [];
  arms.forEach((arm, row) => {
    for (let position = first; position < extent.length; position++) {
      if (arm.mode === "keep" || named[row]?.[position] !== undefined) cells.push({ row, position });
    }
  });
  if (cells.length === 0) return [];
  const found = await featuresAndErrors(engine, ablated, input, output, signal);
  const width = spec.outputWidth;
  const targets = spec.outputSites.length;
  const changes = new Float32Array(cells.length * targets * width);
  const size = rowsPerPiece(spec.features);
  for (let start = 0; start < cells.length; start += size) {
    const piece = cells.slice(start, start + size);
    const coefficients = new Float32Array(piece.length * spec.features);
    piece.forEach(({ row, position }, i) => {
      const into = coefficients.subarray(i * spec.features, (i + 1) * spec.features);
      const chosen = named[row]?.[position] ?? NONE;
      writeChanges(into, found.features, row * extent.length + position, values, position);
      const keeps = ensureDefined(arms[row]).mode === "keep";
      if (keeps) for (const feature of chosen) into[feature] = 0;
      else keepOnly(into, chosen);
    });
    const { change } = await engine.evaluate(
      decodeProgram(dictionary),
      { coefficients: tensor(["row", "feature"], [piece.length, spec.features], coefficients) },
      ["change"],
      signal,
    );
    changes.set(change.data, start * targets * width);
  }
  if (errors === "ablate") addErrorChanges(changes, cells, arms, found.errors, values, { width, extent });
  return editsOf(cells, changes, spec.outputSites, width);
}

const NONE: ReadonlySet<number> = new Set();

/** By position: the features of the dictionary that an arm names. */
function namedFeatures({ nodes }: Arm, dictionary: string, length: number): (Set<number> | undefined)[] {
  const named: (Set<number> | undefined)[] = [];
  for (const node of nodes) {
    if (node.kind !== "feature" || node.dictionary !== dictionary) continue;
    for (const position of nodePositions(node, length)) {
      const here = named[position] ?? new Set();
      named[position] = here.add(node.feature);
    }
  }
  return named;
}

/** r − f of every feature. */
function writeChanges(into: Float32Array, found: SparseFeatures, at: number, values: FeatureValues, position: number) {
  if (values.kind === "pooled") into.set(values.features);
  if (values.kind === "by-position") {
    const { starts, features, values: activations } = values.features;
    for (let i = starts[position] ?? 0; i < (starts[position + 1] ?? 0); i++) {
      into[features[i] ?? 0] = activations[i] ?? 0;
    }
  }
  for (let i = found.starts[at] ?? 0; i < (found.starts[at + 1] ?? 0); i++) {
    const feature = found.features[i] ?? 0;
    into[feature] = (into[feature] ?? 0) - (found.values[i] ?? 0);
  }
}

function keepOnly(coefficients: Float32Array, chosen: ReadonlySet<number>): void {
  const held = [...chosen].map((feature) => [feature, coefficients[feature] ?? 0] as const);
  coefficients.fill(0);
  for (const [feature, value] of held) coefficients[feature] = value;
}

/** r_e − e, where an arm ablates everything outside. Errors belong to no circuit. */
function addErrorChanges(
  changes: Float32Array,
  cells: readonly Cell[],
  arms: readonly Arm[],
  errors: Float32Array,
  values: FeatureValues,
  { width, extent }: { width: number; extent: Extent },
): void {
  cells.forEach(({ row, position }, cell) => {
    if (arms[row]?.mode !== "keep") return;
    const source = (row * extent.length + position) * width;
    for (let i = 0; i < width; i++) {
      const replacement =
        values.kind === "zero"
          ? 0
          : values.kind === "pooled"
            ? (values.error[i] ?? 0)
            : (values.errors[position * width + i] ?? 0);
      const at = cell * width + i;
      changes[at] = (changes[at] ?? 0) + replacement - (errors[source + i] ?? 0);
    }
  });
}

/** One edit a row and output site. `changes` is [cell, target, output]. */
function editsOf(
  cells: readonly Cell[],
  changes: Float32Array,
  outputSites: readonly string[],
  width: number,
): SiteEdit[] {
  const cellsOf = new Map<number, number[]>();
  cells.forEach(({ row }, cell) => {
    const own = cellsOf.get(row) ?? [];
    cellsOf.set(row, own);
    own.push(cell);
  });
  const targets = outputSites.length;
  return [...cellsOf].flatMap(([row, own]) =>
    outputSites.map((name, target) => {
      const offset = new Float32Array(own.length * width);
      own.forEach((cell, i) => {
        const start = (cell * targets + target) * width;
        offset.set(changes.subarray(start, start + width), i * width);
      });
      const positions = own.map((cell) => ensureDefined(cells[cell]).position);
      return {
        site: parseSite(name),
        rows: [row],
        positions,
        units: "all" as const,
        dimensions: "all" as const,
        scale: 1,
        offset,
      };
    }),
  );
}

/** coefficients [row, feature] → change [row, target × output] */
function decodeProgram(dictionary: Dictionary): Program {
  const { spec, hash } = dictionary;
  return {
    key: `circuit.decode.${hash}`,
    build() {
      const g = new GraphBuilder(`circuit.decode.${spec.name}`);
      const coefficients = g.input("coefficients", "float32", ["row", spec.features]);
      const source = {
        names: [DICTIONARY_TENSORS.decoder],
        has: (name: string) => name === DICTIONARY_TENSORS.decoder,
        describe: () => dictionary.describe(DICTIONARY_TENSORS.decoder),
        read: () => dictionary.read(DICTIONARY_TENSORS.decoder),
      };
      const columns = spec.outputSites.length * spec.outputWidth;
      const decoder = g.reshape(float32Value(g, source, DICTIONARY_TENSORS.decoder), [spec.features, columns]);
      g.output(g.matrixProduct(coefficients, decoder), "float32", ["row", columns], "change");
      return g.build();
    },
  };
}
