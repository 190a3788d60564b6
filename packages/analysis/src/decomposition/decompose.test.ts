import assert from "node:assert/strict";
import { test } from "node:test";
import type { Decomposition, DecompositionRequest, DecompositionTarget, TensorJson } from "@patchbay/contract";
import { type ServiceUnderTest, testEachService } from "../testing/each-service.ts";
import { UNDISTURBED } from "../testing/open-test-service.ts";
import { decompose } from "./decompose.ts";
import { partsOf } from "./testing/parts.ts";

/** Float32 sums of some hundred products at each of a dozen steps. */
const TOLERANCE = 1e-4;

function ask(under: ServiceUnderTest, rest: Omit<DecompositionRequest, "model" | "input">): Promise<Decomposition> {
  return decompose(partsOf(under), { model: under.name, input: { text: under.prompt }, ...rest }, UNDISTURBED);
}

function near(actual: number, expected: number, size: number, what: string): void {
  const bound = TOLERANCE * Math.max(1, Math.abs(size));
  assert.ok(Math.abs(actual - expected) <= bound, `${what}: ${actual} for ${expected}`);
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const shareOf = (result: Decomposition, position: number) =>
  (result.tokenShares[position] ?? 0) + (result.positionShares?.[position] ?? 0);
const cell = ({ shape, data }: TensorJson, ...at: number[]) =>
  data[at.reduce((place, index, axis) => place * (shape[axis] ?? 1) + index, 0)] ?? 0;

function targetsOf({ token, other, engine }: ServiceUnderTest): DecompositionTarget[] {
  const { layers, neurons } = engine.model.shape;
  return [
    { kind: "logit", token },
    { kind: "logit-difference", token, minus: other, position: 3 },
    { kind: "neuron", layer: layers - 1, neuron: neurons - 1 },
    { kind: "neuron", layer: 1, neuron: 2, side: "up", position: 4 },
    { kind: "head-input", layer: 1, head: 3, side: "query" },
    { kind: "head-input", layer: layers - 1, head: 1, side: "key", position: 2 },
    { kind: "head-input", layer: 1, head: 2, side: "value", position: 5 },
  ];
}

testEachService("the shares of tokens and biases sum to the target", async (under) => {
  for (const target of targetsOf(under)) {
    const result = await ask(under, { target });
    const size = Math.max(Math.abs(result.target.total), ...result.tokenShares.map(Math.abs));
    near(result.unexplained, 0, size, result.target.text);
    assert.ok(
      result.tokenShares.some((share) => Math.abs(share) > 1e-6),
      "something is shared out",
    );
    // Causal: nothing after the target's position has a share.
    assert.deepEqual(
      result.tokenShares.slice(result.target.position + 1).filter((share) => share !== 0),
      [],
    );
  }
});

testEachService("the flow's tables have the shares as their sums, at every depth", async (under) => {
  for (const target of targetsOf(under)) {
    const result = await ask(under, { target, flow: true });
    const { flow } = result;
    assert.ok(flow);
    const length = result.tokens.length;
    const size = Math.max(Math.abs(result.target.total), ...result.tokenShares.map(Math.abs));
    const biases = sum(result.biasShares.map(({ share }) => share));
    for (let source = 0; source <= length; source++) {
      const expected = source === length ? biases : shareOf(result, source);
      const row = flow.components.map((_, c) => cell(flow.direct, source, c));
      near(sum(row), expected, size, `${result.target.text}, direct shares of ${flow.sources[source]}`);
      for (const [state, name] of flow.states.entries()) {
        if (source === length) continue;
        const carried = Array.from({ length }, (_, position) => cell(flow.carried, state, source, position));
        near(sum(carried), expected, size, `${result.target.text}, carried at ${name} from ${source}`);
      }
      near(
        cell(flow.readout, flow.states.length - 1, source) +
          (source === length
            ? sum(result.biasShares.filter(({ label }) => !/^\d/.test(label)).map(({ share }) => share))
            : 0),
        expected,
        size,
        "readout of the last state",
      );
    }
    for (const { label, direct, through } of result.components) {
      const column = flow.components.indexOf(label);
      const all = Array.from({ length: length + 1 }, (_, source) => source);
      near(sum(all.map((source) => cell(flow.direct, source, column))), direct, size, `${label}, direct`);
      near(sum(all.map((source) => cell(flow.through, source, column))), through, size, `${label}, through`);
    }
  }
});

testEachService("direct shares are those of direct logit attribution", async (under) => {
  const { result } = await under.service.run(
    { model: under.name, input: { text: under.prompt }, compute: { attribution: { target: { token: under.token } } } },
    UNDISTURBED,
  );
  const decomposition = await ask(under, { target: { kind: "logit", token: under.token } });
  const expected = new Map(result.results.attribution?.components.map(({ label, share }) => [label, share]));
  for (const { label, direct } of decomposition.components) near(direct, expected.get(label) ?? Number.NaN, 1, label);
});

testEachService(
  "relevant + irrelevant is the activation at every node, and everything gives the target",
  async (under) => {
    const { layers, heads } = under.engine.model.shape;
    const everyHead = Array.from({ length: heads }, (_, head): [number, number] => [0, head]);
    for (const target of targetsOf(under)) {
      const depth = "layer" in target ? target.layer : layers;
      const result = await ask(under, {
        target,
        sets: [
          { name: "everything", tokens: "all", biases: true },
          { name: "nothing" },
          { name: "some tokens", tokens: [1, 3] },
          {
            name: "components",
            heads: [
              [0, 1],
              [depth - 1, 2],
            ],
            mlps: [0],
            positions: [2, -1],
          },
          { name: "a layer", heads: everyHead, mlps: [depth - 1], biases: true },
        ],
      });
      const { total } = result.target;
      const size = Math.max(Math.abs(total), ...result.tokenShares.map(Math.abs));
      for (const { name, relevant, irrelevant, nodes } of result.sets ?? []) {
        near(relevant + irrelevant, total, size, `${name} of ${result.target.text}`);
        assert.equal(nodes.length, depth + 1);
        for (const { site, residual, activationNorm } of nodes) {
          near(residual, 0, Math.max(size, activationNorm), `${name} at ${site}`);
        }
      }
      const [everything, nothing, some] = result.sets ?? [];
      near(everything?.relevant ?? Number.NaN, total, size, "everything");
      assert.equal(everything?.irrelevant, 0);
      assert.equal(nothing?.relevant, 0);
      near(some?.relevant ?? Number.NaN, shareOf(result, 1) + shareOf(result, 3), size, "two tokens");
    }
  },
);

testEachService("a set of one component is what passes through it", async (under) => {
  const target = { kind: "logit", token: under.token } as const;
  const result = await ask(under, {
    target,
    sets: [
      { name: "L0H1", heads: [[0, 1]] },
      { name: "L1H3", heads: [[1, 3]] },
      { name: "1_mlp_out", mlps: [1] },
    ],
  });
  const size = Math.max(...result.components.map(({ through }) => Math.abs(through)));
  for (const { name, relevant } of result.sets ?? []) {
    near(relevant, result.components.find(({ label }) => label === name)?.through ?? Number.NaN, size, name);
  }
});

test("what cannot be decomposed is refused with the place", async () => {
  const { fixtureService } = await import("../testing/open-test-service.ts");
  const under = await fixtureService("tiny-llama");
  const refusal = async (request: Partial<DecompositionRequest>) => {
    const whole = {
      model: under.name,
      input: { tokens: [[1, 2, 3]] },
      target: { kind: "logit", token: 5 },
      ...request,
    };
    try {
      await decompose(partsOf(under), whole as DecompositionRequest, UNDISTURBED);
    } catch (error) {
      const { code, facts } = error as { code: string; facts: { at?: string } };
      return [code, facts.at];
    }
    return "accepted";
  };
  assert.deepEqual(await refusal({ input: { tokens: [[1], [2]] } }), ["invalid-request", "input/tokens"]);
  assert.deepEqual(await refusal({ target: { kind: "logit", token: 5, position: 3 } }), [
    "position-out-of-range",
    "target/position",
  ]);
  assert.deepEqual(await refusal({ target: { kind: "neuron", layer: 3, neuron: 0 } }), [
    "layer-out-of-range",
    "target/layer",
  ]);
  assert.deepEqual(await refusal({ target: { kind: "head-input", layer: 0, head: 4, side: "key" } }), [
    "unit-out-of-range",
    "target/head",
  ]);
  const target: DecompositionTarget = { kind: "neuron", layer: 1, neuron: 0 };
  const sets = [{ name: "a", mlps: [1] }];
  assert.deepEqual(await refusal({ target, sets }), ["invalid-request", "sets/0/mlps/0"]);
});
