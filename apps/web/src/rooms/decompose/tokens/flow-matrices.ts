/** Cuts of a decomposition's flow tables, top row first: the picture's rows are depth, and depth goes upwards. */
import type { Decomposition } from "@patchbay/contract";

type Flow = NonNullable<Decomposition["flow"]>;

export interface FlowMatrix {
  readonly rowLabels: readonly string[];
  /** Row-major, [depth, column]. */
  readonly values: Float32Array;
}

const depthLabel = (state: string) => (state === "embed" ? "embed" : `L${state.replace("_", " ")}`);

/** [state, source, position] at one source: what the stream carries of its share at each position. Rows sum to the share. */
export function carriedOf({ states, carried }: Flow, source: number): FlowMatrix {
  const [, sources = 0, positions = 0] = carried.shape;
  return upwards(states.map(depthLabel), positions, (state, position) =>
    valueAt(carried.data, (state * sources + source) * positions + position),
  );
}

/** [state, source]: the stream at the target's position read as if it were the last, by where it comes from. */
export function readoutOf({ states, readout }: Flow): FlowMatrix {
  const [, sources = 0] = readout.shape;
  return upwards(states.map(depthLabel), sources, (state, source) => valueAt(readout.data, state * sources + source));
}

/** [layer, source] sums over the components of a layer: what they give the target directly. */
export function directOf({ sources, components, direct }: Flow, layers: number): FlowMatrix {
  const layerOf = components
    .map((label) => /^L?(\d+)(?:H|_)/.exec(label)?.[1])
    .map((text) => (text === undefined ? -1 : Number(text)));
  const rows = Array.from({ length: layers + 1 }, (_, row) => (row === 0 ? "embed" : `L${row - 1}`));
  return upwards(rows, sources.length, (row, source) => {
    let sum = 0;
    layerOf.forEach((layer, component) => {
      // What belongs to no layer and is not the embedding is the target's own bias: it stands in the sum above.
      const inRow = layer === row - 1 && (row > 0 || components[component] === "embed");
      if (inRow) sum += valueAt(direct.data, source * components.length + component);
    });
    return sum;
  });
}

function valueAt(data: readonly (number | null)[], at: number): number {
  return data[at] ?? 0;
}

function upwards(
  labels: readonly string[],
  columns: number,
  value: (row: number, column: number) => number,
): FlowMatrix {
  const values = new Float32Array(labels.length * columns);
  for (let row = 0; row < labels.length; row++)
    for (let column = 0; column < columns; column++)
      values[(labels.length - 1 - row) * columns + column] = value(row, column);
  return { rowLabels: labels.toReversed(), values };
}
