import { describeModel, openTensorFolder, readModelConfig, matrixValue } from "@patchbay/transformer";
import { GraphBuilder, encodeModel } from "@patchbay/onnx-graph";
import { createSession, toRuntime } from "@patchbay/runtime";
import { neuronVectors, projectionProgram, int64 } from "@patchbay/analysis";
import { tensor } from "@patchbay/vocabulary";
import { measureInterleaved, summarise, ratioOf } from "./harness/measure.ts";

const folder = "/tmp/pb-home/models/stories-15m";
const model = describeModel(await readModelConfig(folder), await openTensorFolder(folder), "x");
const vectors = await neuronVectors(model, 3, "write");
const head = (g: GraphBuilder) => matrixValue(g, model.tensors, model.architecture.unembedding);
const V = 32000;
type G = GraphBuilder;
const open = (graph: any) => createSession(encodeModel(graph), { threads: 2 });
function one(g: G, s: string, name: string) { g.output(g.slice(g.slice(s, 0, 0, 1), 1, 0, 1), "float32", ["a", "b"], name); }
// each experiment: (tile count, extra ops) ; outputs tiny
function build(tiles: number, work: (g: G, s: string, i: number) => string[]) {
  const g = new GraphBuilder("e");
  const v = g.input("vectors", "float32", ["vector", 288]);
  const w = head(g);
  const T = V / tiles;
  const packs: string[] = [];
  for (let i = 0; i < tiles; i++) {
    const s = g.matrixProduct(v, tiles === 1 ? w : g.slice(w, 1, i * T, (i + 1) * T));
    packs.push(g.concat(work(g, s, i), 1));
  }
  const all = g.concat(packs, 1);
  one(g, all, "one");
  return g.build();
}
const T0 = (g: G, s: string) => [g.slice(s, 1, 0, 1)];
const max = (g: G, s: string) => { const r = g.reshape(s, [0, -1, 64]); return [g.slice(g.maximum(r, [2]), 1, 0, 1)]; };
const min = (g: G, s: string) => { const r = g.reshape(s, [0, -1, 64]); return [g.slice(g.node("ReduceMin", [r, g.int64([2])], { keepdims: { int: 0 } }), 1, 0, 1)]; };
const soft = (g: G, s: string) => [g.slice(g.softmax(s, -1), 1, 0, 1)];
const dot = (g: G, s: string) => { const p = g.softmax(s, -1); return [g.reshape(g.matrixProduct(g.unsqueeze(p, [1]), g.unsqueeze(s, [2])), [0, 1])]; };
const mulsum = (g: G, s: string) => { const p = g.softmax(s, -1); return [g.sum(g.multiply(p, s), [1], true)]; };
const fdot = (g: G, s: string) => { const p = g.softmax(s, -1); return [g.reshape(g.node("FusedMatMul", [g.unsqueeze(p, [1]), g.unsqueeze(s, [1])], { transB: { int: 1 } }, undefined, "com.microsoft"), [0, 1])]; };
const softmul = (g: G, s: string) => { const p = g.softmax(s, -1); return [g.slice(g.multiply(p, s), 1, 0, 1)]; };
const sum = (g: G, s: string) => [g.sum(s, [1], true)];
const col = (g: G, s: string) => { const c = g.float32("col" , [1,1], [0.5]); return [g.slice(g.multiply(s, c), 1, 0, 1)]; };
const kinds: Record<string, any> = { mm: T0, max, min, soft, dot, mulsum, col, fdot, softmul, sum };
const names = (process.argv[3] ?? Object.keys(kinds).join()).split(",");
const tileCounts = (process.argv[2] ?? "1,5,10").split(",").map(Number);
for (const rows of (process.argv[4] ?? "384").split(",").map(Number)) {
  const data = new Float32Array(rows * 288).map((_, i) => vectors.data[i % vectors.data.length]!);
  const feeds = { vectors: toRuntime(tensor(["v", "r"], [rows, 288], data)) };
  const base = await open(build(1, T0));
  for (const tiles of tileCounts) {
    const variants = [{ name: "base", run: () => base.run(feeds, ["one"]) }];
    for (const n of names) { const s = await open(build(tiles, kinds[n])); variants.push({ name: n, run: () => s.run(feeds, ["one"]) }); }
    const t = await measureInterleaved(variants, { rounds: 9 });
    console.log(rows, tiles, t.map((x) => `${x.name} ${(Math.min(...x.samples) / rows * 1000).toFixed(1)} (${ratioOf(x, t[0]!).median.toFixed(2)})`).join("  "));
  }
}
