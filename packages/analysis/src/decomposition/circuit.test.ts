import assert from "node:assert/strict";
import { testEachService } from "../testing/each-service.ts";
import { UNDISTURBED } from "../testing/open-test-service.ts";
import { componentsOfModel, decompositionCircuit, takeStrongest } from "./circuit.ts";
import { recordFrozenRun } from "./frozen-run.ts";
import { resolveTarget } from "./target.ts";
import { partsOf } from "./testing/parts.ts";
import { sharesOf } from "./token-shares.ts";

const { signal } = UNDISTURBED;

testEachService("a circuit grows from the strongest direct component to all that passes through", async (under) => {
  const { engine, tokenizer, prompt, token, other } = under;
  const tokens = tokenizer.encode(prompt, { prependBos: true }).map(({ id }) => id);
  const run = await recordFrozenRun(engine, tokens, signal);
  const target = await resolveTarget(partsOf(under), run, { kind: "logit-difference", token, minus: other }, signal);
  const { components } = await sharesOf(engine, run, target, signal);
  const all = componentsOfModel(engine, "choose");
  // Against a mean of zero a component's deviation is its whole output.
  const whole = run.layers.map(({ z, mlpOut }) => ({ z: z.data, mlpOut: mlpOut?.data }));
  const { taken } = await takeStrongest(engine, run, whole, target, all, all.length, "choose", signal, () => {});
  assert.deepEqual(taken.map(({ label }) => label).sort(), components.map(({ label }) => label).sort());

  const near = (actual: number | undefined, expected: number | undefined, what: string) => {
    const bound = 1e-4 * Math.max(1, Math.abs(expected ?? 0));
    assert.ok(
      Math.abs((actual ?? Number.NaN) - (expected ?? Number.NaN)) < bound,
      `${what}: ${actual} for ${expected}`,
    );
  };
  const strongest = [...components].sort((a, b) => Math.abs(b.direct) - Math.abs(a.direct))[0];
  assert.equal(taken[0]?.label, strongest?.label, "nothing but direct paths count at first");
  near(taken[0]?.contribution, strongest?.direct, "the first");
  const last = taken.at(-1);
  near(last?.contribution, components.find(({ label }) => label === last?.label)?.through, "all paths count at last");
});

testEachService("the circuit of everything is faithful; found ones beat random ones", async (under) => {
  const { layers, heads } = under.engine.model.shape;
  const request = {
    model: under.name,
    input: { text: under.prompt },
    target: { kind: "logit", token: under.token },
    ...(under.name === "stories-15m" ? {} : { references: [" w1 w2 w3 w4 w5", " w60 w61 w62 w8 w9"] }),
  } as const;
  const circuit = await decompositionCircuit(partsOf(under), { ...request, draws: 5 }, UNDISTURBED);
  const { sizes, circuit: faithfulness, random } = circuit.curve;
  assert.equal(circuit.components.length, layers * heads, "MLPs are kept: only heads are chosen");
  assert.equal(sizes.at(-1), layers * heads);
  assert.ok(Math.abs((faithfulness.at(-1) ?? 0) - 1) < 1e-6, "everything is everything");
  assert.ok(Math.abs(circuit.clean - circuit.target.total) < 1e-4 * Math.max(1, Math.abs(circuit.clean)));
  // The edges of the model's behaviour are known only where it has one.
  if (under.name !== "stories-15m") return;
  const at = sizes.indexOf(16);
  assert.ok((faithfulness[at] ?? 0) > (random[at]?.high ?? 1), `${faithfulness[at]} against ${random[at]?.high}`);
});
