import { buildPlainModel, buildStage, STAGE_VALUES, rotaryTables } from "@patchbay/transformer";
import { encodeModel } from "@patchbay/onnx-graph";
import { toRuntime } from "@patchbay/runtime";
import { tensor } from "@patchbay/vocabulary";
import { openBundledModel } from "./models/bundled.ts";
import * as ort from "onnxruntime-node";
import fs from "node:fs";
const { model } = await openBundledModel();
let k = 0;
const prof = process.argv[3] === "prof";
const open = (graph: any) => { const e = encodeModel(graph); return ort.InferenceSession.create(e.bytes, { intraOpNumThreads: 2, interOpNumThreads: 1, graphOptimizationLevel: "all", ...(prof ? { enableProfiling: true, profileFilePrefix: `/tmp/prf_${k++}_` } : {}), logSeverityLevel: 3, extra: { session: { intra_op: { allow_spinning: "0" }, model_external_initializers_file_folder_path: e.externalFolder } } } as any); };
const strip = (g: any) => ({ ...g, outputs: g.outputs.filter((o: any) => o.name === "next_residual" || o.name === "new_keys" || o.name === "new_values") });
const plain = await open(buildPlainModel(model.architecture, model.tensors, { lastOnly: true }));
const F = [STAGE_VALUES.logSumExp, STAGE_VALUES.topLogits, STAGE_VALUES.topTokens];
const stages = [{ kind: "embed" }, ...Array.from({ length: 6 }, (_, layer) => ({ kind: "block", layer })), { kind: "unembed" }] as any[];
const built: ort.InferenceSession[] = []; for (const s of stages) built.push(await open(buildStage(model.architecture, model.tensors, s, "readable").graph));
const bare: ort.InferenceSession[] = []; if (!prof) for (const s of stages) { const g = buildStage(model.architecture, model.tensors, s, "readable").graph; bare.push(await open(s.kind === "block" ? strip(g) : g)); }
const n = Number(process.argv[2] ?? 16);
const tokens = Array.from({ length: n }, (_, i) => [1, 3118, 2462, 29892, 4335][i % 5]!);
const mask = new Float32Array(n * n);
for (let q = 0; q < n; q++) mask.fill(-Infinity, q * n + q + 1, (q + 1) * n);
const { cosines, sines } = rotaryTables((model.shape.positions as any).rotary, tokens.map((_, i) => i));
const empty = toRuntime(tensor(["a", "b", "c", "d"], [0, 1, 6, 48], new Float32Array(0)));
const shared = { mask: toRuntime(tensor(["a", "b", "q", "k"], [1, 1, n, n], mask)), past_keys: empty, past_values: empty, cosines: toRuntime(cosines), sines: toRuntime(sines) };
const tk = toRuntime(tensor(["b", "p"], [1, n], BigInt64Array.from(tokens, BigInt))), top = toRuntime(tensor(["c"], [1], BigInt64Array.of(1n)));
const wall: Record<string, number[]> = { plain: [], blocks: [], bare: [] };
const walk = async (b: ort.InferenceSession[]) => {
  let r: any = (await b[0]!.run({ tokens: tk }, ["next_residual"]))["next_residual"];
  for (let l = 0; l < 6; l++) r = (await b[l + 1]!.run({ ...shared, residual: r }, ["next_residual"]))["next_residual"];
  const last = new ort.Tensor("float32", r.data.slice((n - 1) * 288), [1, 1, 288]);
  await b[7]!.run({ residual: last, top }, F);
};
for (let i = 0; i < 100; i++) for (const [name, f] of [["plain", () => plain.run({ tokens: tk, ...shared, top }, F)], ["blocks", () => walk(built)], ...(prof ? [] : [["bare", () => walk(bare)]])] as any[]) { const t = performance.now(); await f(); wall[name]!.push(performance.now() - t); }
const q = (v: number[], p: number) => v.sort((a, b) => a - b)[Math.floor(v.length * p)]?.toFixed(2);
for (const [name, v] of Object.entries(wall)) console.log(n, name, q(v, 0), q(v, 0.25), q(v, 0.5));
if (prof) {
for (const s of [plain, ...built]) (s as any).endProfiling();
await new Promise((r) => setTimeout(r, 500));
const med = (v: number[]) => v.sort((a, b) => a - b)[v.length >> 2]!;
const ops = (i: number) => { const f = fs.readdirSync("/tmp").filter((x) => x.startsWith(`prf_${i}_`)).map((x) => "/tmp/" + x)[0]!; const ev = JSON.parse(fs.readFileSync(f, "utf8")); fs.unlinkSync(f);
  const by = new Map<string, number[]>();
  for (const e of ev) if (e.cat === "Node" && e.name.endsWith("_kernel_time")) { const key = e.args.op_name + "|" + e.name; (by.get(key) ?? by.set(key, []).get(key)!).push(e.dur); }
  const per = new Map<string, [number, number]>(); for (const [key, v] of by) { const op = key.split("|")[0]!; const p = per.get(op) ?? [0, 0]; per.set(op, [p[0] + 1, p[1] + med(v)]); }
  return per; };
const P = ops(0); const B = new Map<string, [number, number]>();
for (let i = 1; i <= 8; i++) for (const [op, [c, t]] of ops(i)) { const p = B.get(op) ?? [0, 0]; B.set(op, [p[0] + c, p[1] + t]); }
for (const op of new Set([...P.keys(), ...B.keys()])) console.log(op.padEnd(20), P.get(op)?.join(" ") ?? "-", "  |  ", B.get(op)?.join(" ") ?? "-");
}
