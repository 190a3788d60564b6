import { describeModel, openTensorFolder, readModelConfig } from "@patchbay/transformer";
import { createRuntime } from "@patchbay/runtime";
import { neuronVectors, projectOnVocabulary } from "@patchbay/analysis";
import { tensor } from "@patchbay/vocabulary";
for (const name of ["stories-15m", "stories-260k"]) {
const folder = "/tmp/pb-home/models/" + name;
const model = describeModel(await readModelConfig(folder), await openTensorFolder(folder), name);
const engine = createRuntime().open(model);
const v = await neuronVectors(model, 1, "write");
const W = (await model.tensors.read(model.architecture.unembedding.tensor)).data;
const d = model.shape.residualWidth, V = model.shape.vocabulary, R = 7;
const vec = v.data.slice(0, R * d);
vec.fill(0, d, 2 * d); // all ties
for (let j = 0; j < d; j++) if (j > 3) vec[2 * d + j] = 0;
for (const top of [1, 10, 100, Math.min(V, 900)]) {
const r = await projectOnVocabulary(engine, tensor(["vector", "residual"], [R, d], vec), top, "scores+cosines", new AbortController().signal);
let worst = 0, wrong = 0, we = 0, wl = 0;
for (let n = 0; n < R; n++) for (const kind of ["scores", "cosines"] as const) {
  let len = 0; for (let j = 0; j < d; j++) len += vec[n * d + j]! ** 2; len = Math.sqrt(len);
  const s = Array.from({ length: V }, (_, t) => { let a = 0, w = 0; for (let j = 0; j < d; j++) { a += vec[n * d + j]! * W[t * d + j]!; w += W[t * d + j]! ** 2; } return kind === "scores" ? a : len === 0 ? 0 : a / Math.sqrt(w) / len; });
  
  const order = s.map((_, i) => i).sort((a, b) => s[b]! - s[a]! || a - b);
  const orderUp = s.map((_, i) => i).sort((a, b) => s[a]! - s[b]! || a - b);
  const q = r[kind]!;
  const m = s[order[0]!]!; const Z = s.reduce((a, x) => a + Math.exp(x - m), 0); const l = m + Math.log(Z); const ent = l - s.reduce((a, x) => a + Math.exp(x - l) * x, 0);
  we = Math.max(we, Math.abs(ent - q.entropy[n]!)); wl = Math.max(wl, Math.abs(l - q.logSumExp[n]!));
  for (let k = 0; k < top; k++) {
    worst = Math.max(worst, Math.abs(q.topScores.data[n * top + k]! - s[order[k]!]!), Math.abs(q.bottomScores.data[n * top + k]! - s[orderUp[k]!]!));
    if (q.topTokens[n * top + k] !== order[k] || q.bottomTokens[n * top + k] !== orderUp[k]) { wrong++; const a = s[q.topTokens[n*top+k]!]! - s[order[k]!]!, b = s[q.bottomTokens[n*top+k]!]! - s[orderUp[k]!]!; if (Math.abs(a)+Math.abs(b) > 1e-6 || n === 1) console.log("BAD", n, kind, k, a, b); }
  }
}
console.log(name, top, { worst, wrong, we, wl });
}}
