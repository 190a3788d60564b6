/**
 * The stages of the fixture models, differentiated: Jacobian products against difference quotients along 24 directions. The
 * stages are float32: with step 1e-2 the quotient is wrong by some 1e-4 of the largest; 2e-3 of it is asked for.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { differentiate, encodeModel, type Graph, inferShapes, type ValueName } from "@patchbay/onnx-graph";
import {
  buildStage,
  describeModel,
  openTensorFolder,
  readModelConfig,
  rotaryTables,
  type SiteEdit,
  STAGE_VALUES,
  type Stage,
  type StageVariant,
} from "@patchbay/transformer";
import { ensureDefined, type SiteKind, type Tensor, type TensorData, tensor } from "@patchbay/vocabulary";
import { createSession, toRuntime } from "./onnx-runtime.ts";
import { editFeeds, selectionFeeds } from "./stage-feeds.ts";
import { causalMask } from "./testing/causal-mask.ts";
import { type Feeds, filled, run, scattered } from "./testing/finite-differences.ts";
import { fixtureFolder } from "./testing/fixture-model.ts";

const [BATCH, POSITIONS] = [2, 5];
const NAMES = ["tiny-llama", "tiny-gpt2"] as const;

/** A stage of a fixture with a feed for every input it may have. */
async function stageUnderTest(
  name: (typeof NAMES)[number],
  stage: Stage,
  variant: StageVariant,
  { past = 0, edits = [] }: { past?: number; edits?: readonly SiteEdit[] } = {},
) {
  const folder = fixtureFolder(name);
  const model = describeModel(await readModelConfig(folder), await openTensorFolder(folder), name);
  const { graph, sites } = buildStage(model.architecture, model.tensors, stage, variant);
  const { shape } = model.architecture;
  const positions = Array.from({ length: POSITIONS }, (_, i) => past + i);
  const cache = [past, BATCH, shape.keyValueHeads, shape.headWidth];
  const window = { batch: BATCH, positions, keys: past + POSITIONS };
  const feeds: Record<ValueName, Tensor<TensorData>> = {
    [STAGE_VALUES.residual]: filled("float32", [BATCH, POSITIONS, shape.residualWidth], scattered),
    [STAGE_VALUES.pastKeys]: filled("float32", cache, (i) => scattered(i + 5)),
    [STAGE_VALUES.pastValues]: filled("float32", cache, (i) => scattered(i + 9)),
    [STAGE_VALUES.mask]: tensor(
      ["one", "head", "query", "key"],
      [1, 1, POSITIONS, POSITIONS + past],
      causalMask(POSITIONS, past),
    ),
    [STAGE_VALUES.top]: tensor(["entry"], [1], BigInt64Array.of(3n)),
    ...(shape.positions.kind === "rotary" ? rotaryTables(shape.positions.rotary, positions) : {}),
  };
  if (variant !== "readable") {
    const perHead = variant === "per-head";
    const packed = {
      ...editFeeds(shape, stage.kind, perHead, edits, window),
      ...selectionFeeds(shape, stage.kind, perHead, [], window),
    };
    for (const [input, { dims, data }] of Object.entries(packed)) {
      feeds[input] = { axes: dims.map((_, axis) => `axis${axis}`), shape: dims, data: data as TensorData };
    }
  }
  const whole = (kind: SiteKind) => ensureDefined(sites.find((site) => site.kind === kind)).whole;
  return { graph, feeds, whole };
}

/** Differentiates Σ w∘value by each of `by` and compares; returns the gradients. */
async function check(graph: Graph, given: Feeds, value: ValueName, by: readonly ValueName[]) {
  const session = await createSession(encodeModel(graph), { threads: 1 });
  const forward = async (feeds: Feeds) => {
    const inputs = session.inputNames.map((name) => [name, toRuntime(ensureDefined(feeds[name], name))]);
    return ensureDefined((await session.run(Object.fromEntries(inputs), [value]))[value]);
  };
  const { shape } = await forward(given);
  const weights = filled("float32", shape, (i) => scattered(i + 3));
  const { graph: both, gradients } = differentiate(graph, { of: [{ value, cotangent: "w" }], by });
  const results = await run(both, { ...given, w: weights }, [...gradients.values()]);
  for (const name of by) {
    const start = ensureDefined(given[name]);
    const gradient = ensureDefined(results[ensureDefined(gradients.get(name))]);
    assert.deepEqual(gradient.shape, start.shape, `lengths by ${name}`);
    if (start.data.length > 0) {
      await compareDirections(async (changed) => dot(await forward(changed), weights), given, name, gradient);
    }
  }
  await session.release();
  return by.map((name) => ensureDefined(results[ensureDefined(gradients.get(name))]));
}

async function compareDirections(
  loss: (feeds: Feeds) => Promise<number>,
  feeds: Feeds,
  name: ValueName,
  gradient: Tensor<TensorData>,
): Promise<void> {
  const STEP = 1e-2;
  const start = ensureDefined(feeds[name]);
  const values = Array.from(start.data, Number);
  const pairs: { expected: number; actual: number }[] = [];
  for (let direction = 0; direction < 24; direction++) {
    const way = Float32Array.from(values, (_, i) => scattered(i * 7 + direction * 131 + 1) / 4);
    const moved = (step: number) => {
      const data = Float32Array.from(values, (value, i) => value + step * (way[i] ?? 0));
      return loss({ ...feeds, [name]: { ...start, data } });
    };
    const expected = ((await moved(STEP)) - (await moved(-STEP))) / (2 * STEP);
    pairs.push({ expected, actual: dot(gradient, { ...start, data: way }) });
  }
  const largest = Math.max(...pairs.map(({ expected }) => Math.abs(expected)));
  assert.ok(largest > 0.01, `moving ${name} changes something`);
  for (const { expected, actual } of pairs) {
    assert.ok(Math.abs(actual - expected) < 2e-3 * largest, `by ${name}: ${actual}, difference quotient ${expected}`);
  }
}

function dot(a: Tensor<TensorData>, b: Tensor<TensorData>): number {
  assert.equal(a.data.length, b.data.length);
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) sum += Number(a.data[i]) * Number(b.data[i]);
  return sum;
}

const BLOCK: Stage = { kind: "block", layer: 1 };
const { residual, pastKeys, pastValues, nextResidual } = STAGE_VALUES;

for (const name of NAMES) {
  for (const past of [0, 2]) {
    test(`${name}, block with ${past} cached positions: by residual, keys and values`, async () => {
      const { graph, feeds } = await stageUnderTest(name, BLOCK, "readable", { past });
      await check(graph, feeds, nextResidual, [residual, pastKeys, pastValues]);
    });
  }

  test(`${name}, per-head block: without edits the same gradient, and through edits`, async () => {
    const plain = await stageUnderTest(name, BLOCK, "readable");
    const untouched = await stageUnderTest(name, BLOCK, "per-head");
    const [expected] = await check(plain.graph, plain.feeds, nextResidual, [residual]);
    const [actual] = await check(untouched.graph, untouched.feeds, nextResidual, [residual]);
    assert.ok(expected && actual);
    const largest = Math.max(...Array.from(expected.data, Number).map(Math.abs));
    expected.data.forEach((value, i) => {
      assert.ok(Math.abs(Number(value) - Number(actual.data[i])) < 1e-5 * largest, `element ${i}`);
    });

    const all = { rows: "all", positions: "all", dimensions: "all" } as const;
    const edits: SiteEdit[] = [
      { ...all, site: { kind: "attn.hook_z", layer: 1 }, units: [1], scale: 0, offset: 0.3 },
      { ...all, site: { kind: "mlp.hook_post", layer: 1 }, units: [0, 3, 5], scale: -2, offset: 0 },
    ];
    const edited = await stageUnderTest(name, BLOCK, "per-head", { edits });
    const [changed] = await check(edited.graph, edited.feeds, nextResidual, [residual]);
    assert.notDeepEqual(changed?.data, actual.data);
  });

  test(`${name}, unembedding: logits and log-sum-exp by the residual stream`, async () => {
    const { graph, feeds } = await stageUnderTest(name, { kind: "unembed" }, "readable");
    for (const value of [STAGE_VALUES.logits, STAGE_VALUES.logSumExp]) {
      await check(graph, feeds, value, [residual]);
    }
  });

  test(`${name}: inferred types and lengths are those that the runtime computes`, async () => {
    const { graph, feeds } = await stageUnderTest(name, BLOCK, "per-head", { past: 2 });
    const facts = inferShapes(graph);
    const computed = graph.nodes
      .flatMap(({ outputs }) => outputs)
      .map((value) => ({ value, ...ensureDefined(facts.get(value)) }));
    const outputs = computed.map(({ value, type, shape }) => ({
      name: value,
      type,
      shape: ensureDefined(shape, value),
    }));
    const results = await run(
      { ...graph, outputs },
      feeds,
      computed.map(({ value }) => value),
    );
    const words = new Map<string, number>();
    for (const { value, shape = [] } of computed) {
      const actual = ensureDefined(results[value]).shape;
      assert.equal(actual.length, shape.length, `rank of ${value}`);
      shape.forEach((length, axis) => {
        const found = actual[axis] ?? 0;
        const expected = typeof length === "number" ? length : (words.get(length) ?? found);
        if (typeof length === "string") words.set(length, found);
        assert.equal(found, expected, `${value}, axis ${axis} (${length})`);
      });
    }
  });

  test(`${name}: freezing the pattern and the norm scales equals feeding them from outside`, async () => {
    const { graph, feeds, whole } = await stageUnderTest(name, BLOCK, "readable");
    const constants = [whole("attn.hook_pattern"), whole("ln1.hook_scale"), whole("ln2.hook_scale")];
    const facts = inferShapes(graph);
    const outside = (value: ValueName) => (constants.includes(value) ? `outside.${value}` : value);
    const detached: Graph = {
      ...graph,
      nodes: graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map(outside) })),
      inputs: [
        ...graph.inputs,
        ...constants.map((value) => ({
          name: outside(value),
          type: "float32" as const,
          shape: ensureDefined(facts.get(value)?.shape),
        })),
      ],
    };
    const observed = Object.entries(await run(graph, feeds, constants)).map(([value, at]) => [outside(value), at]);
    const w = filled("float32", ensureDefined(feeds[residual]).shape, (i) => scattered(i + 3));
    const gradientOf = async (of: Graph, frozen: readonly ValueName[]) => {
      const result = differentiate(of, {
        of: [{ value: nextResidual, cotangent: "w" }],
        by: [residual],
        constants: frozen,
      });
      const output = ensureDefined(result.gradients.get(residual));
      const values = await run(result.graph, { ...feeds, ...Object.fromEntries(observed), w }, [output], 1);
      return ensureDefined(values[output]);
    };
    const frozen = await gradientOf(graph, constants);
    const fed = await gradientOf(detached, []);
    frozen.data.forEach((value, i) => {
      assert.ok(Math.abs(Number(value) - Number(fed.data[i])) < 1e-5, `element ${i}`);
    });
    assert.notDeepEqual(frozen.data, (await gradientOf(graph, [])).data);
  });
}
