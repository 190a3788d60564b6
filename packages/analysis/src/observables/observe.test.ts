import assert from "node:assert/strict";
import { test } from "node:test";
import type { Intervention, ObservableRequest } from "@patchbay/contract";
import { ensureDefined, type Site } from "@patchbay/vocabulary";
import { dot, recordFrozenRun } from "../decomposition/frozen-run.ts";
import { pullBack } from "../decomposition/propagate.ts";
import { resolveTarget } from "../decomposition/target.ts";
import { partsOf } from "../decomposition/testing/parts.ts";
import { startingGradient } from "../decomposition/token-shares.ts";
import { type ServiceUnderTest, testEachService } from "../testing/each-service.ts";
import { fixtureService, storiesService, UNDISTURBED } from "../testing/open-test-service.ts";
import { seededRandom } from "../training/random.ts";
import { carryBack } from "./carry-back.ts";
import { observe } from "./observe.ts";
import { ReferencePoint, recordText, rowAt } from "./reference-point.ts";

const { signal } = UNDISTURBED;

const randomVector = (length: number, seed: number) => {
  const random = seededRandom(seed);
  return Float32Array.from({ length }, () => random.normal());
};

async function record(under: ServiceUnderTest) {
  const tokens = under.tokenizer.encode(under.prompt, { prependBos: true }).map(({ id }) => id);
  const text = await recordText(under.engine, tokens, signal);
  return { tokens, text, reference: new ReferencePoint(text, tokens.length - 1) };
}

testEachService("an MLP's direction is the finite difference of what it writes", async (under) => {
  const { engine } = under;
  const { residualWidth: width, layers } = engine.model.shape;
  const { tokens, reference } = await record(under);
  const layer = layers - 1;
  const observable = randomVector(width, 1);
  const [carried] = await carryBack(engine, { kind: "mlp", layer }, [observable], reference, false, signal);
  const along = randomVector(width, 2);
  const step = 2 ** -6;
  const written = async (by: number) => {
    const { reads } = await engine.forward({
      tokens: [tokens],
      edits: [
        {
          site: { kind: "ln2.hook_normalized", layer },
          rows: "all",
          positions: [reference.position],
          units: "all",
          dimensions: "all",
          scale: 1,
          offset: along.map((value) => value * by),
        },
      ],
      reads: [{ site: { kind: "hook_mlp_out", layer }, positions: [reference.position] }],
    });
    return dot(ensureDefined(reads[0]).data, observable);
  };
  const difference = ((await written(step)) - (await written(-step))) / (2 * step);
  const predicted = dot(ensureDefined(carried).normed, along);
  const size = Math.max(1, Math.abs(difference));
  assert.ok(Math.abs(predicted - difference) < 2e-3 * size, `${predicted} for ${difference}`);
});

testEachService("a head's direction reads exactly what the head writes, wherever it attends", async (under) => {
  const { engine } = under;
  const { residualWidth: width, headWidth, heads } = engine.model.shape;
  const { tokens, reference } = await record(under);
  const [layer, head] = [1, 3];
  const observable = randomVector(width, 3);
  const [carried] = await carryBack(engine, { kind: "head", layer, head }, [observable], reference, false, signal);
  const sites: Site[] = [
    { kind: "ln1.hook_normalized", layer },
    { kind: "attn.hook_pattern", layer },
    { kind: "attn.hook_result", layer },
  ];
  const { reads } = await engine.forward({ tokens: [tokens], reads: sites.map((site) => ({ site })) });
  const [normed, pattern, result] = reads.map((value) => ensureDefined(value));
  const read = tokens.map((_, key) => dot(rowAt(ensureDefined(normed), key), ensureDefined(carried).normed));
  const differences = tokens.map((_, query) => {
    const weights = ensureDefined(pattern).data.subarray((head * tokens.length + query) * tokens.length);
    const mixed = read.reduce((sum, value, key) => sum + value * (weights[key] ?? 0), 0);
    const start = head * width;
    return dot(rowAt(ensureDefined(result), query).subarray(start, start + width), observable) - mixed;
  });
  assert.ok(heads > head && headWidth > 0);
  // A value bias adds the same everywhere, since patterns sum to 1; the norm's own bias is inside what is read.
  const first = ensureDefined(differences[0]);
  for (const each of differences) assert.ok(Math.abs(each - first) < 1e-4, `${each} for ${first}`);
  if (engine.model.architecture.block(layer).attention.value.bias === undefined) assert.ok(Math.abs(first) < 1e-4);
});

test("through a chain of two heads the direction gives the path's contribution in the frozen model", async () => {
  // One position: patterns are 1, and the reference's scales are the run's. RMS norms and no biases: nothing is added.
  const under = await fixtureService("tiny-llama");
  const parts = partsOf(under);
  const input = { tokens: [[17]] };
  const result = await observe(
    parts,
    {
      model: under.name,
      input,
      observables: [{ name: "a", plus: [7], minus: [3] }],
      paths: [
        [
          { kind: "head", layer: 0, head: 1 },
          { kind: "head", layer: 1, head: 2 },
        ],
      ],
      scale: true,
      compare: 0,
    },
    UNDISTURBED,
  );
  const run = await recordFrozenRun(under.engine, [17], signal);
  const target = await resolveTarget(parts, run, { kind: "logit-difference", token: 7, minus: 3 }, signal);
  const contribution = async (by: boolean) => {
    let found = Number.NaN;
    const start = startingGradient(run, target, under.engine.model.shape.residualWidth);
    await pullBack(
      under.engine,
      run,
      { place: target.place, gradient: start },
      (layer, { z }) => {
        if (layer === 0) found = dot(z.subarray(8, 16), ensureDefined(run.layers[0]).z.data.subarray(8, 16));
      },
      signal,
      { head: (layer, head) => by && layer === 1 && head === 2, mlp: () => false },
    );
    return found;
  };
  const expected = (await contribution(true)) - (await contribution(false));
  const actual = ensureDefined(result.observables[0]?.ranked[0]?.strip[0]);
  assert.ok(Math.abs(expected) > 1e-6, "the path does something");
  assert.ok(Math.abs(actual - expected) < 1e-4 * Math.abs(expected), `${actual} for ${expected}`);
});

testEachService("the ready-made interventions take the direction away, or add it", async (under) => {
  const { engine, service, name, prompt, token, other } = under;
  const last = engine.model.shape.layers - 1;
  const request: ObservableRequest = {
    model: name,
    input: { text: prompt },
    observables: [
      { name: "a", plus: [token], minus: [other] },
      { name: "b", plus: [other] },
    ],
    paths: [[{ kind: "head", layer: 1, head: 1 }], [{ kind: "mlp", layer: last }]],
    compare: 0,
    coefficient: 3,
    vectors: [
      { observable: 0, path: 0 },
      { observable: 1, path: 1 },
    ],
  };
  const result = await observe(partsOf(under), request, UNDISTURBED);
  assert.equal(result.coupling?.length, 3);
  for (const { site, values, steer, ablate, observable, path } of ensureDefined(result.vectors)) {
    const direction = Float32Array.from(values);
    const length = Math.sqrt(dot(direction, direction));
    const along = async (interventions: Intervention[]) => {
      const { tensors } = await service.run(
        { model: name, input: { text: prompt }, interventions, compute: { capture: [{ site }] } },
        UNDISTURBED,
      );
      const captured = ensureDefined(tensors.get("results/capture/0/values"));
      return result.tokens.map((_, position) => dot(rowAt(captured, position), direction) / length);
    };
    const strip = result.observables[observable]?.ranked.find((each) => each.path === path)?.strip ?? [];
    const [plain, steered, ablated] = [await along([]), await along(steer), await along(ablate)];
    for (const [position, value] of plain.entries()) {
      const bound = 1e-4 * Math.max(1, Math.abs(value));
      assert.ok(Math.abs(value - ensureDefined(strip[position]) / length) < bound, "the strip");
      assert.ok(Math.abs(ensureDefined(steered[position]) - value - 3) < bound, "steered by the coefficient");
      assert.ok(Math.abs(ensureDefined(ablated[position])) < bound, "nothing is left");
    }
  }
});

test("stories-15m: he − she is read by heads of the last layer, and the directions predict what they write", async (t) => {
  const under = await storiesService(t);
  if (under === undefined) return;
  const input = { text: "Once upon a time, there was a little girl named Lily. She loved to play outside. One day," };
  const result = await observe(
    partsOf(under),
    {
      model: under.name,
      input,
      observables: [{ name: "he − she", plus: [" he"], minus: [" she"] }],
      compare: 5,
      vectors: [{ observable: 0, path: 39 }],
    },
    UNDISTURBED,
  );
  const ranked = ensureDefined(result.observables[0]).ranked;
  const label = (path: number) => ensureDefined(result.paths[path]).label;
  const heads = ranked.filter(({ path, heldOut }) => label(path).includes("H") && heldOut !== undefined);
  assert.deepEqual(
    heads.map(({ path }) => label(path)),
    ["L5H4", "L5H2", "L5H3"],
  );
  for (const { path, heldOut } of heads) {
    assert.ok((heldOut?.correlation ?? 0) > 0.95, `${label(path)}: r = ${heldOut?.correlation}`);
  }
  const [strongest] = heads;
  const texts = (side: "most" | "least") => ensureDefined(strongest).reads[side].map(({ text }) => text);
  assert.ok(texts("most").includes(" he") && texts("least").includes(" she"));
  // Taking the direction away before the head moves the answer towards “ he”: the prompt speaks of a girl.
  const vector = ensureDefined(result.vectors?.[0]);
  assert.equal(label(vector.path), "L5H4");
  const difference = async (interventions: Intervention[]) => {
    const compute = { logits: { tokens: [" he", " she"] } };
    const { result: run } = await under.service.run({ model: under.name, input, interventions, compute }, UNDISTURBED);
    const [he = 0, she = 0] = ensureDefined(run.results.logits?.tracked).logits.data.map(Number);
    return he - she;
  };
  const plain = await difference([]);
  assert.ok(Math.abs(plain - ensureDefined(result.observables[0]).value) < 1e-3);
  assert.ok((await difference(vector.ablate)) > plain + 0.5);
});

test("what makes no observable or no path is refused with the place", async () => {
  const under = await fixtureService("tiny-llama");
  const refusal = async (rest: Partial<ObservableRequest>) => {
    const request = {
      model: under.name,
      input: { tokens: [[1, 2]] },
      observables: [{ name: "a", plus: [3] }],
      ...rest,
    };
    try {
      await observe(partsOf(under), { ...request, compare: 0 }, UNDISTURBED);
    } catch (error) {
      const { code, facts } = error as { code: string; facts: { at?: string } };
      return [code, facts.at];
    }
    return "accepted";
  };
  const head = (layer: number, index: number) => ({ kind: "head", layer, head: index }) as const;
  assert.deepEqual(await refusal({ observables: [{ name: "a", plus: [3], minus: [3] }] }), [
    "invalid-request",
    "observables/0",
  ]);
  assert.deepEqual(await refusal({ observables: [{ name: "a", plus: ["nothing"] }] }), [
    "unknown-token",
    "observables/0/plus/0",
  ]);
  assert.deepEqual(await refusal({ paths: [[head(1, 0), head(0, 0)]] }), ["invalid-request", "paths/0/1"]);
  assert.deepEqual(await refusal({ paths: [[head(0, 4)]] }), ["unit-out-of-range", "paths/0/0"]);
  assert.deepEqual(await refusal({ paths: [[head(0, 0)], [{ kind: "mlp", layer: 3 }]] }), [
    "layer-out-of-range",
    "paths/1/0/layer",
  ]);
  assert.deepEqual(await refusal({ vectors: [{ observable: 0, path: 99 }] }), ["invalid-request", "vectors/0"]);
});
