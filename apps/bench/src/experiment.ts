import { describeModel, openTensorFolder, readModelConfig, matrixValue, logSumExpOf } from "@patchbay/transformer";
import { GraphBuilder, encodeModel } from "@patchbay/onnx-graph";
import { createSession, toRuntime, createRuntime } from "@patchbay/runtime";
import { neuronVectors, projectionProgram, int64 } from "@patchbay/analysis";
import { tensor } from "@patchbay/vocabulary";
import { measureInterleaved, summarise } from "./harness/measure.ts";

const folder = "/tmp/pb-home/models/stories-15m";
const model = describeModel(await readModelConfig(folder), await openTensorFolder(folder), "x");
const vectors = await neuronVectors(model, 3, "write");
const head = (g: GraphBuilder) => matrixValue(g, model.tensors, model.architecture.unembedding);
const mm = (() => {
  const g = new GraphBuilder("mm");
  const v = g.input("vectors", "float32", ["vector", 288]);
  const s = g.matrixProduct(v, head(g));
  g.output(g.slice(g.slice(s, 0, 0, 1), 1, 0, 1), "float32", ["a", "b"], "one");
  return g.build();
})();
const open = (graph: any) => createSession(encodeModel(graph), { threads: 2 });
const sMM = await open(mm);
const sOld = await open(projectionProgram(model, "scores").build());
const sOldC = await open(projectionProgram(model, "scores+cosines").build());
for (const rows of [16, 32, 64, 128, 384]) {
  const feeds = { vectors: toRuntime(tensor(["v", "r"], [rows, 288], vectors.data.subarray(0, rows * 288))) };
  const top = { top: toRuntime(int64([10])) };
  const outs = (n: string) => ["top", "top_tokens", "bottom", "bottom_tokens", "log_sum_exp", "entropy"].map((x) => `${n}.${x}`);
  const t = await measureInterleaved([
    { name: "mm", run: () => sMM.run(feeds, ["one"]) },
    { name: "scores", run: () => sOld.run({ ...feeds, ...top }, outs("scores")) },
    { name: "scores+cos", run: () => sOldC.run({ ...feeds, ...top }, [...outs("scores"), ...outs("cosines")]) },
  ], { rounds: 10 });
  console.log(rows, t.map((x) => `${x.name} ${(summarise(x.samples).median / rows * 1000).toFixed(1)} us/row`).join("  "));
}
