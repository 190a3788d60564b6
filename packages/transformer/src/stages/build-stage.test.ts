/** What the stages' graphs are made of. What they compute is tested where there is a runtime. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Graph, initializerBytes } from "@patchbay/onnx-graph";
import { SITES } from "@patchbay/vocabulary";
import { describeModel, readModelConfig, type TransformerModel } from "../transformer-model.ts";
import { openTensorFolder } from "../weights/tensor-folder.ts";
import { buildPlainModel, buildStage, STAGE_VALUES, type Stage, type StageVariant } from "./build-stage.ts";
import { EDIT_INPUTS, SELECTION_INPUTS, sitesOfRank } from "./hooks.ts";
import { siteKindsOfStage } from "./sites.ts";

const FIXTURES = new URL("../../../../models/fixtures/", import.meta.url);
const NAMES = ["tiny-llama", "tiny-llama-bf16-sharded", "tiny-llama3-rope-f16", "tiny-gpt2"] as const;
const VARIANTS: readonly StageVariant[] = ["readable", "writable", "per-head"];

async function open(name: string): Promise<TransformerModel> {
  const folder = fileURLToPath(new URL(name, FIXTURES));
  return describeModel(await readModelConfig(folder), await openTensorFolder(folder), name);
}

function stagesOf({ shape }: TransformerModel): Stage[] {
  const blocks = Array.from({ length: shape.layers }, (_, layer): Stage => ({ kind: "block", layer }));
  return [{ kind: "embed" }, ...blocks, { kind: "unembed" }];
}

/** How often each operator stands in the graphs; a name given to a value costs nothing. */
function operators(graphs: readonly Graph[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { operator } of graphs.flatMap(({ nodes }) => nodes)) {
    if (operator !== "Identity") counts.set(operator, (counts.get(operator) ?? 0) + 1);
  }
  return new Map([...counts].sort());
}

for (const name of NAMES) {
  test(`${name}: readable stages compute what the plain model computes, and nothing more`, async () => {
    const { architecture, tensors, ...model } = await open(name);
    const stages = stagesOf({ architecture, tensors, ...model }).map(
      (stage) => buildStage(architecture, tensors, stage, "readable").graph,
    );
    const plain = operators([buildPlainModel(architecture, tensors)]);
    const together = operators(stages);
    // The stages give the new keys and values to the cache and so share no work but do none twice.
    assert.deepEqual(together, plain);
  });

  test(`${name}: every graph is sound, and every site is an output with its axes`, async () => {
    const model = await open(name);
    for (const stage of stagesOf(model)) {
      for (const variant of VARIANTS) {
        const { graph, sites } = buildStage(model.architecture, model.tensors, stage, variant);
        const kinds = siteKindsOfStage(model.shape, stage.kind, variant === "per-head");
        assert.deepEqual(
          sites.map(({ kind }) => kind),
          kinds,
          `${stage.kind} ${variant}`,
        );
        assertSound(graph);
        const outputs = new Map(graph.outputs.map((output) => [output.name, output]));
        for (const { kind, whole, selected } of sites) {
          assert.deepEqual(outputs.get(whole)?.shape.length, SITES[kind].axes.length, kind);
          assert.equal(selected !== undefined, variant !== "readable");
          if (selected !== undefined) assert.ok(outputs.has(selected), `${kind}: its part is an output`);
        }
        assert.equal(new Set(sites.map(({ whole }) => whole)).size, sites.length, "sites do not share an output");
        const inputs = new Set(graph.inputs.map((input) => input.name));
        for (const rank of [3, 4] as const) {
          const wanted = variant !== "readable" && sitesOfRank(kinds, rank).length > 0;
          for (const input of Object.values(EDIT_INPUTS[rank])) assert.equal(inputs.has(input), wanted, input);
        }
        for (const input of Object.values(SELECTION_INPUTS))
          assert.equal(inputs.has(input), variant !== "readable", input);
        const last = stage.kind === "unembed" ? STAGE_VALUES.logits : STAGE_VALUES.nextResidual;
        assert.ok(outputs.has(last), `${last} is an output`);
      }
    }
  });

  test(`${name}: weights are named by their place in the file, never copied`, async () => {
    const model = await open(name);
    for (const stage of stagesOf(model)) {
      const { graph } = buildStage(model.architecture, model.tensors, stage, "per-head");
      const inline = graph.initializers.filter(({ data }) => data.kind === "inline");
      assert.ok(initializerBytes({ ...graph, initializers: inline }) < 1000);
      const external = graph.initializers.filter(({ data }) => data.kind === "external");
      assert.ok(external.length > 0);
      for (const { name: tensor, data, shape } of external) {
        const { file, offset, length, shape: stored } = model.tensors.describe(tensor);
        assert.deepEqual({ ...data, shape }, { kind: "external", file, offset, length, shape: stored });
      }
    }
  });
}

/** Every value is made once, before it is used; every output is made. */
function assertSound({ name, inputs, initializers, nodes, outputs }: Graph): void {
  const made = new Set([...inputs, ...initializers].map((value) => value.name));
  for (const node of nodes) {
    for (const input of node.inputs) assert.ok(input === "" || made.has(input), `${name}: ${node.name} uses ${input}`);
    for (const output of node.outputs) {
      assert.equal(made.has(output), false, `${name}: ${output} is made twice`);
      made.add(output);
    }
  }
  for (const output of outputs) assert.ok(made.has(output.name), `${name}: output ${output.name}`);
  assert.equal(new Set(outputs.map((output) => output.name)).size, outputs.length, `${name}: outputs are named once`);
}
