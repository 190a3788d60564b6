/** Operators that move elements without computing: the cotangents move back. */
import type { Rule } from "../rule.ts";

const reshape: Rule = (d) => [d.reshapeLike(d.cotangent, d.input(0))];

const transpose: Rule = (d) => {
  const given = d.node.attributes["perm"];
  const order = given !== undefined && "ints" in given ? given.ints : [...d.shape(d.input(0)).keys()].reverse();
  return [
    d.g.transpose(
      d.cotangent,
      order.map((_, axis) => order.indexOf(axis)),
    ),
  ];
};

const concat: Rule = (d) => {
  const axis = d.axis(d.output, 0);
  const lengths = d.node.inputs.map((input) => d.whole.lengthValue(input, axis));
  if (lengths.length === 1) return [d.cotangent];
  return d.g.split(d.cotangent, d.g.concat(lengths, 0), axis, lengths.length);
};

const split: Rule = (d) => {
  const pieces = d.node.outputs.map((output, i) => d.cotangents[i] ?? d.whole.zerosLike(output));
  return [d.g.concat(pieces, d.int("axis", 0))];
};

/** Zeros around what was cut out; steps other than 1 have no rule. */
const slice: Rule = (d) => {
  const { g } = d;
  const x = d.input(0);
  if (d.input(4) !== "" && d.integers(4).some((step) => step !== 1)) throw d.refuse("it has steps other than 1");
  const rank = d.shape(x).length;
  const axes = d.input(3) === "" ? [...d.integers(1).keys()] : d.integers(3);
  const places = axes.map((axis, i) => {
    const place = axis < 0 ? axis + rank : axis;
    return { place, before: before(i, place), kept: d.whole.lengthValue(d.output, place) };
  });
  const all = g.concat(
    places.map((each) => each.before),
    0,
  );
  const after = g.concat(
    places.map((each) => g.subtract(g.subtract(d.whole.lengthValue(x, each.place), each.before), each.kept)),
    0,
  );
  const pads = g.concat([all, after], 0);
  return [g.node("Pad", [d.cotangent, pads, d.scalar(0), g.int64(places.map((each) => each.place))])];

  /** Where the slice starts, as int64[1]: negative starts count from the end, and all are held within the axis. */
  function before(i: number, axis: number): string {
    const known = d.whole.facts(d.input(1)).entries?.[i];
    const length = d.whole.lengthValue(x, axis);
    const start = typeof known === "number" ? g.int64([known]) : g.slice(d.input(1), 0, i, i + 1);
    if (known === 0) return start;
    const zero = g.int64([0]);
    const fromFront = g.where(g.greater(zero, start), g.add(start, length), start);
    return g.node("Max", [zero, g.node("Min", [fromFront, length])]);
  }
};

/** Cuts the padding off again. */
const pad: Rule = (d) => {
  const { g } = d;
  const mode = d.string("mode", "constant");
  if (mode !== "constant") throw d.refuse(`its mode is "${mode}"`);
  if (d.needs(2)) throw d.refuse("what it fills with depends on what is differentiated by");
  const x = d.input(0);
  const rank = d.shape(x).length;
  const axes = d.input(3) === "" ? Array.from({ length: rank }, (_, axis) => axis) : d.integers(3);
  const starts = g.slice(d.input(1), 0, 0, axes.length);
  const lengths = g.concat(
    axes.map((axis) => d.whole.lengthValue(x, axis < 0 ? axis + rank : axis)),
    0,
  );
  if (d.whole.facts(d.input(1)).entries?.some((amount) => typeof amount === "number" && amount < 0)) {
    throw d.refuse("it pads by negative amounts");
  }
  return [g.node("Slice", [d.cotangent, starts, g.add(starts, lengths), g.int64(axes)])];
};

const expand: Rule = (d) => [d.unbroadcast(d.cotangent, 0)];

/** Each axis becomes (repetition, length); the repetitions are summed. */
const tile: Rule = (d) => {
  const { g } = d;
  const x = d.input(0);
  const repeats = d.integers(1);
  const shape = repeats.flatMap((count, axis) => [g.int64([count]), d.whole.lengthValue(x, axis)]);
  const opened = g.reshapeTo(d.cotangent, g.concat(shape, 0));
  return [
    g.sum(
      opened,
      repeats.map((_, axis) => 2 * axis),
    ),
  ];
};

export const LAYOUT_RULES: Readonly<Record<string, Rule>> = {
  Reshape: reshape,
  Flatten: reshape,
  Squeeze: reshape,
  Unsqueeze: reshape,
  Transpose: transpose,
  Concat: concat,
  Split: split,
  Slice: slice,
  Pad: pad,
  Expand: expand,
  Tile: tile,
};
