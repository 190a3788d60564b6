import assert from "node:assert/strict";
import { test } from "node:test";
import { circuitLayout } from "./circuit-layout.ts";
import { type CIRCUIT_SHAPES, shapeCode } from "./circuit-scene.ts";
import { circuitSvg, MOST_SVG_EDGES } from "./circuit-svg.ts";
import { fitCircuit, reveal, toDrawing, zoomAbout } from "./circuit-view.ts";
import { deletionCurve } from "./deletion-curve.ts";
import { edgeBatches, edgeStyle, edgeStyles, edgesOfNodes, isNegativeStyle, widthClass } from "./edge-style.ts";
import { nodeFinder } from "./node-finder.ts";
import { placeLabels } from "./place-labels.ts";
import { predictedScatter } from "./predicted-scatter.ts";
import { subgraphLayout } from "./subgraph-layout.ts";
import { walkCircuit } from "./walk-circuit.ts";

/** [shape, layer, position, rank] */
function layoutOf(
  nodes: readonly [(typeof CIRCUIT_SHAPES)[number], number, number, number][],
  tokens = ["a", "b"],
  aspect = 0,
) {
  return circuitLayout({
    layers: 3,
    tokens,
    shape: Uint8Array.from(nodes, ([shape]) => shapeCode(shape)),
    layer: nodes.map(([, layer]) => layer),
    position: nodes.map(([, , position]) => position),
    rank: nodes.map(([, , , rank]) => rank),
    characters: nodes.map(() => 2),
    aspect,
  });
}

test("tokens are columns, layers go up, targets are on top, tokens below", () => {
  const { x, y, columns, rows, height } = layoutOf([
    ["token", -1, 0, 0],
    ["feature", 0, 0, 0],
    ["feature", 2, 1, 0],
    ["logit", 3, 1, 0],
  ]);
  assert.equal(x[0], x[1]);
  assert.ok((x[2] ?? 0) > (columns[1]?.left ?? 0));
  assert.ok((y[3] ?? 0) < (y[2] ?? 0) && (y[2] ?? 0) < (y[1] ?? 0) && (y[1] ?? 0) < (y[0] ?? 0));
  assert.deepEqual(
    rows.map(({ layer }) => layer),
    [3, 2, 1, 0, -1],
  );
  const last = rows.at(-1);
  assert.equal(height, (last?.top ?? 0) + (last?.height ?? 0));
});

test("a full block stays inside its column and its row, the most important first, and no two share a place", () => {
  const many = Array.from({ length: 57 }, (_, i): ["feature", number, number, number] => ["feature", 1, 1, 56 - i]);
  const { x, y, columns, rows } = layoutOf([["feature", 1, 0, 0], ...many]);
  const column = columns[1] ?? { left: 0, width: 0 };
  const row = rows.find(({ layer }) => layer === 1) ?? { top: 0, height: 0 };
  for (let n = 1; n < x.length; n++) {
    assert.ok((x[n] ?? 0) > column.left && (x[n] ?? 0) < column.left + column.width, `x of ${n}`);
    assert.ok((y[n] ?? 0) > row.top && (y[n] ?? 0) < row.top + row.height, `y of ${n}`);
  }
  assert.equal(new Set(Array.from(x, (value, n) => `${value} ${y[n]}`)).size, x.length);
  const first = x.length - 1;
  assert.ok(x.every((value, n) => n === 0 || (y[n] ?? 0) > (y[first] ?? 0) || value >= (x[first] ?? 0)));
});

test("rows are stretched towards the wished shape, and never pressed", () => {
  const nodes: [(typeof CIRCUIT_SHAPES)[number], number, number, number][] = [["feature", 1, 0, 0]];
  const flat = layoutOf(nodes);
  const tall = layoutOf(nodes, ["a", "b"], 3);
  assert.equal(layoutOf(nodes, ["a", "b"], 0.01).height, flat.height);
  assert.ok(Math.abs(tall.height - 3 * tall.width) < 1, `${tall.height} ${tall.width}`);
  assert.ok(layoutOf(nodes, ["a", "b"], 0.5).width > flat.width, "many layers widen the columns");
});

test("nothing, a single node, and places beyond the prompt have a layout all the same", () => {
  assert.equal(layoutOf([], []).x.length, 0);
  assert.ok(layoutOf([["error", 7, 9, 0]]).x.every(Number.isFinite));
  const logits = Array.from({ length: 12 }, (_, i): ["logit", number, number, number] => ["logit", 3, 1, i]);
  const { x, y } = layoutOf(logits);
  assert.equal(new Set(Array.from(x, (value, n) => `${value} ${y[n]}`)).size, 12, "targets wrap, never overlap");
});

test("an edge's style is its sign and the size of its weight against the largest", () => {
  assert.deepEqual([...edgeStyles([1, 0.3, -0.3, 0, -1, 0.01])], [4, 3, 8, 0, 9, 0]);
  assert.equal(isNegativeStyle(edgeStyle(-1e-9, 1)), true);
  assert.equal(widthClass(edgeStyle(-0.3, 1)), widthClass(edgeStyle(0.3, 1)));
  assert.deepEqual([...edgeStyles([0, 0])], [0, 0], "no division by nothing");
  const { order, start } = edgeBatches(edgeStyles([1, 0.3, -0.3, 0, -1, 0.01]));
  assert.deepEqual([...order], [3, 5, 1, 0, 2, 4]);
  assert.deepEqual([...start], [0, 2, 2, 2, 3, 4, 4, 4, 4, 5, 6]);
});

test("the edges of a node are those at either end", () => {
  const { start, edges } = edgesOfNodes(3, Uint32Array.of(0, 0, 1), Uint32Array.of(1, 2, 2));
  const of = (n: number) => [...edges.slice(start[n], start[n + 1])].sort();
  assert.deepEqual(
    [of(0), of(1), of(2)],
    [
      [0, 1],
      [0, 2],
      [1, 2],
    ],
  );
});

test("the finder finds what a search through all finds", () => {
  let state = 7;
  const random = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
  const x = Float32Array.from({ length: 400 }, () => random() * 500 - 100);
  const y = Float32Array.from({ length: 400 }, () => random() * 300);
  const finder = nodeFinder(x, y);
  for (let round = 0; round < 60; round++) {
    const [px, py] = [random() * 560 - 130, random() * 340 - 20];
    const away = (n: number) => Math.hypot((x[n] ?? 0) - px, (y[n] ?? 0) - py);
    const all = Array.from(x.keys()).filter((n) => away(n) <= 12);
    const nearest = all.sort((a, b) => away(a) - away(b))[0];
    assert.equal(finder.nearest(px, py, 12), nearest);
  }
  const inside = Array.from(x.keys()).filter(
    (n) => (x[n] ?? 0) >= 0 && (x[n] ?? 0) <= 90 && (y[n] ?? 0) >= 40 && (y[n] ?? 0) <= 111,
  );
  assert.deepEqual(finder.within(0, 40, 90, 111), inside);
  assert.equal(nodeFinder(new Float32Array(), new Float32Array()).nearest(0, 0, 100), undefined);
});

test("arrows follow the strongest edge up and down, and the row sideways", () => {
  const scene = {
    shape: new Uint8Array(4),
    group: new Int16Array(4).fill(-1),
    source: Uint32Array.of(0, 1, 0),
    target: Uint32Array.of(2, 2, 3),
    weight: Float64Array.of(1, -3, 2),
    style: new Uint8Array(3),
    x: Float32Array.of(0, 20, 0, 40),
    y: Float32Array.of(100, 100, 0, 0),
  };
  const adjacency = edgesOfNodes(4, scene.source, scene.target);
  assert.equal(walkCircuit(scene, adjacency, 2, "down"), 1, "the strongest by size, whatever its sign");
  assert.equal(walkCircuit(scene, adjacency, 0, "up"), 3);
  assert.equal(walkCircuit(scene, adjacency, 0, "down"), undefined);
  assert.equal(walkCircuit(scene, adjacency, 0, "right"), 1);
  assert.equal(walkCircuit(scene, adjacency, 3, "left"), 2);
  assert.equal(walkCircuit(scene, adjacency, 2, "left"), undefined);
});

test("fitting shows all, zooming holds the point under the pointer, revealing moves no more than it must", () => {
  const box = { width: 1000, height: 600, left: 40, bottom: 50, top: 20 };
  const fitted = fitCircuit({ width: 4000, height: 900 }, box);
  assert.ok(
    fitted.x >= 40 && fitted.y >= 20 && 4000 * fitted.scale + fitted.x <= 1000 && 900 * fitted.scale + fitted.y <= 550,
  );
  const before = toDrawing(fitted, 300, 200);
  const after = toDrawing(zoomAbout(fitted, 2.5, 300, 200), 300, 200);
  assert.ok(Math.abs(before.x - after.x) < 1e-6 && Math.abs(before.y - after.y) < 1e-6);
  assert.equal(reveal(fitted, { x: 2000, y: 400 }, box), fitted);
  const far = reveal({ scale: 1, x: 0, y: 0 }, { x: 3000, y: 100 }, box);
  assert.deepEqual(far, { scale: 1, x: 970 - 3000, y: 0 });
});

test("boxes of a subgraph stand by layer, never touch, and stay where they were put", () => {
  const items = Array.from({ length: 9 }, (_, i) => ({
    id: `n${i}`,
    layer: i < 6 ? 2 : -1,
    position: i % 3,
    width: 90,
  }));
  const { places, width, height } = subgraphLayout(items, { width: 400, height: 200 }, { n0: { x: 7, y: 9 } });
  assert.deepEqual(places.get("n0"), { x: 7, y: 9 });
  const upper = items.slice(1, 6).map(({ id }) => places.get(id)?.x ?? 0);
  upper.sort((a, b) => a - b);
  for (let i = 1; i < upper.length; i++) assert.ok((upper[i] ?? 0) - (upper[i - 1] ?? 0) >= 90, String(upper));
  assert.ok((upper[0] ?? 0) >= 45 && (upper.at(-1) ?? 0) + 45 <= width);
  assert.ok((places.get("n1")?.y ?? 0) < (places.get("n8")?.y ?? 0) && (places.get("n8")?.y ?? 0) < height);
  assert.equal(subgraphLayout([], { width: 100, height: 50 }, {}).places.size, 0);
});

test("predicted against measured: one range for both axes, so that the diagonal means equal", () => {
  const { points, plot, zero } = predictedScatter(
    [
      { predicted: 2, measured: 2 },
      { predicted: -1, measured: 0.5 },
      { predicted: Number.NaN, measured: 1 },
    ],
    300,
  );
  const [equal, other, none] = points;
  assert.ok(equal !== undefined && other !== undefined && none === undefined);
  assert.ok(Math.abs(equal.x - plot.left - (plot.top + plot.size - equal.y)) < 1e-9, "on the diagonal");
  assert.ok(other.x < zero.x && other.y < zero.y);
  assert.equal(predictedScatter([], 300).points.length, 0);
});

test("deletion: both curves begin at the value before, and the top one falls below", () => {
  const random = { mean: 9, low: 8, high: 10 };
  const { points, beforeY, band, top } = deletionCurve([{ removed: 5, value: 1, random }], 10, {
    width: 300,
    height: 200,
  });
  assert.ok((points[0]?.y ?? 0) > (points[0]?.randomY ?? 0) && (points[0]?.randomY ?? 0) > beforeY);
  assert.ok(band.endsWith("Z") && top.startsWith(`M46,${beforeY}`), `${top} ${beforeY}`);
});

test("the vector drawing holds the prompt, every node, both signs and a legend; of too many edges it says how many are missing", () => {
  const scene = {
    shape: Uint8Array.of(shapeCode("feature"), shapeCode("error"), shapeCode("logit")),
    group: Int16Array.of(0, -1, -1),
    source: Uint32Array.of(0, 1),
    target: Uint32Array.of(2, 2),
    weight: Float64Array.of(2, -1),
    style: edgeStyles([2, -1]),
    x: Float32Array.of(0, 20, 10),
    y: Float32Array.of(60, 60, 10),
  };
  const colour = { paper: "#fff", surface: "#fff", ink: "#000", quiet: "#444", faint: "#999", line: "#ddd" };
  const drawing = {
    scene,
    layout: { width: 60, height: 90, columns: [{ left: 0, width: 60 }], rows: [{ layer: 0, top: 30, height: 60 }] },
    ...edgeBatches(scene.style),
    tokens: ["·a"],
    layers: 1,
    errorShares: [0.25],
    labels: new Map([[0, "<name> & more"]]),
    title: "a < b",
    caption: ["replacement 0.5"],
    colours: { ...colour, positive: "blue", negative: "orange", groups: ["teal"] },
  };
  const { svg, leftOut } = circuitSvg(drawing);
  assert.equal(leftOut, 0);
  for (const piece of ["a &lt; b", "&lt;name&gt; &amp; more", "error 25 %", "replacement 0.5", "·a", 'fill="teal"'])
    assert.ok(svg.includes(piece), piece);
  assert.match(svg, /stroke="orange"[^>]*stroke-dasharray/);
  assert.match(svg, /stroke="blue" stroke-width="3.6"/);
  const many = MOST_SVG_EDGES + 7;
  const weight = Float64Array.from({ length: many }, (_, i) => i + 1);
  const large = {
    ...scene,
    source: new Uint32Array(many),
    target: new Uint32Array(many).fill(2),
    weight,
    style: edgeStyles(weight),
  };
  assert.equal(circuitSvg({ ...drawing, scene: large, ...edgeBatches(large.style) }).leftOut, 7);
});

test("in a printed figure the names of neighbours stand off each other and inside the paper", () => {
  const wish = (x: number, isAbove = false) => ({ x, y: 100, width: 50, isAbove });
  const limits = { left: 0, right: 400 };
  const none = { x: [], y: [] };
  const [first, second, third] = placeLabels([wish(100), wish(112), wish(124)], 8, limits, none);
  assert.deepEqual(first, { left: 108, baseline: 103.5 });
  assert.deepEqual(second, { left: 54, baseline: 103.5 }, "its right is taken");
  assert.equal(third?.baseline, 90.5, "both sides are taken");
  const nodes = { x: [100, 130, 88], y: [100, 100, 100] };
  assert.equal(placeLabels([wish(100)], 8, limits, nodes)[0]?.baseline, 90.5, "nodes stand at both sides");
  const targets = placeLabels([wish(390, true), wish(395, true)], 8, limits, none);
  assert.deepEqual(targets, [
    { left: 350, baseline: 92 },
    { left: 350, baseline: 80 },
  ]);
});
