/** Operators that choose elements by index. Reading twice adds twice on the way back. */
import type { ValueName } from "../../graph.ts";
import type { NodeDifferentiation, Rule } from "../rule.ts";
import { scatterAdd } from "../scatter-add.ts";

/** Indices [*] as int64, in one list. */
function flatIndices(d: NodeDifferentiation, indices: ValueName): ValueName {
  const flat = d.g.reshape(indices, [-1]);
  return d.whole.facts(indices).type === "int64" ? flat : d.g.cast(flat, "int64");
}

/** The product of the lengths `from` … `to` − 1 as int64[1]. */
function lengthsProduct(d: NodeDifferentiation, value: ValueName, from: number, to: number): ValueName {
  const lengths = d.shape(value).slice(from, to);
  if (lengths.every((length) => typeof length === "number")) {
    return d.g.int64([lengths.reduce<number>((total, length) => total * Number(length), 1)]);
  }
  const list = d.g.slice(d.whole.shapeValue(value), 0, from, to);
  return d.g.node("ReduceProd", [list, d.g.int64([0])], { keepdims: { int: 1 } });
}

/** y = x gathered along an axis: [before, index, after] → [before, row, after]. */
const gather: Rule = (d) => {
  const { g } = d;
  const [x, indices] = [d.input(0), d.input(1)];
  const shape = d.shape(x);
  const axis = d.axis(x, 0);
  const opened = g.concat(
    [
      lengthsProduct(d, x, 0, axis),
      g.node("Reshape", [g.node("Size", [indices]), g.int64([1])]),
      lengthsProduct(d, x, axis + 1, shape.length),
    ],
    0,
  );
  const added = scatterAdd(d.whole, {
    updates: g.reshapeTo(d.cotangent, opened),
    indices: flatIndices(d, indices),
    rows: shape[axis] ?? 1,
    rowsValue: d.whole.lengthValue(x, axis),
    like: x,
  });
  return [d.reshapeLike(added, x)];
};

const gatherElements: Rule = (d) => [
  d.g.scatterElements(d.whole.zerosLike(d.input(0)), d.input(1), d.cotangent, d.axis(d.input(0), 0), "add"),
];

/** An index tuple becomes the number of a row of x, with its leading axes flattened. */
const gatherByIndex: Rule = (d) => {
  const { g } = d;
  const [x, indices] = [d.input(0), d.input(1)];
  const shape = d.shape(x);
  const batchAxes = d.int("batch_dims", 0);
  const indexShape = d.shape(indices);
  const depth = indexShape.at(-1);
  if (typeof depth !== "number") throw d.refuse("the number of indices in a tuple is not known");
  if (batchAxes > 1) throw d.refuse("it has several batch axes");
  const outer = batchAxes + depth;
  const one = g.int64([1]);

  // Σ index[axis] · (product of the later leading lengths), each counted from the front.
  let rows: ValueName | undefined;
  for (let axis = batchAxes; axis < outer; axis++) {
    const column = g.slice(indices, -1, axis - batchAxes, axis - batchAxes + 1);
    const fromFront = g.node("Mod", [column, d.whole.lengthValue(x, axis)]);
    const scaled = axis + 1 === outer ? fromFront : g.multiply(fromFront, lengthsProduct(d, x, axis + 1, outer));
    rows = rows === undefined ? scaled : g.add(rows, scaled);
  }
  let places = rows ?? g.int64([0]);
  if (batchAxes === 1) {
    const zero = g.index(0);
    const count = g.squeeze(d.whole.lengthValue(x, 0), [0]);
    const members = g.node("Range", [zero, count, g.index(1)]);
    const spread = g.unsqueeze(
      members,
      Array.from({ length: indexShape.length - 1 }, (_, axis) => axis + 1),
    );
    places = g.add(places, g.multiply(spread, lengthsProduct(d, x, 1, outer)));
  }
  const flat = g.reshape(places, [-1]);
  const width = lengthsProduct(d, x, outer, shape.length);
  const leading = shape.slice(0, outer);
  const known = leading.every((length) => typeof length === "number");
  const added = scatterAdd(d.whole, {
    updates: g.reshapeTo(d.cotangent, g.concat([one, g.shapeOf(flat), width], 0)),
    indices: flat,
    rows: known ? leading.reduce<number>((total, length) => total * Number(length), 1) : "rows",
    rowsValue: lengthsProduct(d, x, 0, outer),
    like: x,
  });
  return [d.reshapeLike(added, x)];
};

/** What was overwritten gets nothing; what was written gets its place. Indices are assumed to be distinct. */
const scatterByIndex: Rule = (d) => {
  const { g, cotangent: c } = d;
  const indices = d.input(1);
  const reduction = scatterReduction(d);
  const base = () => (reduction === "add" ? c : g.scatterByIndex(c, indices, d.whole.zerosLike(d.input(2))));
  return [d.needs(0) ? base() : undefined, undefined, d.needs(2) ? g.gatherByIndex(c, indices) : undefined];
};

const scatterElements: Rule = (d) => {
  const { g, cotangent: c } = d;
  const indices = d.input(1);
  const axis = d.axis(d.input(0), 0);
  const reduction = scatterReduction(d);
  const base = () => (reduction === "add" ? c : g.scatterElements(c, indices, d.whole.zerosLike(d.input(2)), axis));
  return [d.needs(0) ? base() : undefined, undefined, d.needs(2) ? g.gatherElements(c, indices, axis) : undefined];
};

function scatterReduction(d: NodeDifferentiation): string {
  const reduction = d.string("reduction", "none");
  if (reduction !== "none" && reduction !== "add") throw d.refuse(`its reduction is "${reduction}"`);
  return reduction;
}

/** The values' cotangents go to the chosen places, which are distinct; all other places get zero. */
const topK: Rule = (d) => [
  d.g.scatterElements(d.whole.zerosLike(d.input(0)), d.node.outputs[1] ?? "", d.cotangent, d.axis(d.input(0), -1)),
];

export const INDEXING_RULES: Readonly<Record<string, Rule>> = {
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherByIndex,
  ScatterND: scatterByIndex,
  ScatterElements: scatterElements,
  TopK: topK,
};
