import assert from "node:assert/strict";
import { test } from "node:test";
import type { ComputeQuery, Intervention, RunRequest } from "@patchbay/contract";
import type { Engine, ForwardRequest } from "@patchbay/transformer";
import { ensureDefined, siteName } from "@patchbay/vocabulary";
import { assertNear } from "../testing/distribution.ts";
import { type ServiceUnderTest, testEachService } from "../testing/each-service.ts";
import { fixtureService, serve, storiesService, UNDISTURBED } from "../testing/open-test-service.ts";

type Rest = Omit<RunRequest, "model" | "input"> & { input?: RunRequest["input"] };

async function run({ service, name, prompt }: ServiceUnderTest, rest: Rest) {
  return service.run({ model: name, input: { text: prompt }, ...rest }, UNDISTURBED);
}

async function lastLogits(under: ServiceUnderTest, rest: Rest): Promise<Float32Array> {
  const { tensors } = await run(under, { ...rest, compute: { logits: { full: true } } });
  return ensureDefined(tensors.get("results/logits/full")).data;
}

test('stories-15m: " L" leads the bundled prompt with p = 0.977', async (t) => {
  const under = await storiesService(t);
  if (under === undefined) return;
  const input = { text: "One day, Tom and Lily went to the park. Tom gave a ball to" };
  const { result } = await under.service.run(
    { model: "stories-15m", input, compute: { logits: { top: 3, tokens: [" L"] } } },
    UNDISTURBED,
  );
  const logits = ensureDefined(result.results.logits);
  assert.equal(result.texts[String(logits.topIds.data[0])], " L");
  assertNear(logits.topProbabilities.data[0], 0.977, 0.002, "probability");
  assert.equal(logits.tracked?.ranks.data[0], 0);
  assert.equal(result.tokens[0]?.[0]?.text, "<s>");
});

testEachService("only the blocks that something asks for are run", async ({ engine, tokenizer, name, prompt }) => {
  const { layers } = engine.model.shape;
  const seen: (number | undefined)[] = [];
  const watched: Engine = {
    model: engine.model,
    forward: (request: ForwardRequest) => {
      seen.push(request.until);
      return engine.forward(request);
    },
    unembed: (request) => engine.unembed(request),
    evaluate: (...given) => engine.evaluate(...given),
    newCache: (...given) => engine.newCache(...given),
    loadedBytes: () => engine.loadedBytes(),
    unload: () => engine.unload(),
  };
  const { service } = await serve(name, watched, tokenizer, true, []);
  const untilOf = async (compute: ComputeQuery) => {
    seen.length = 0;
    await service.run({ model: name, input: { text: prompt }, compute }, UNDISTURBED);
    assert.equal(seen.length, 1, "one pass");
    return seen[0];
  };
  assert.equal(await untilOf({ capture: [{ site: "hook_embed" }] }), 0);
  assert.equal(await untilOf({ capture: [{ site: "blocks.0.mlp.hook_post" }] }), 1);
  assert.equal(await untilOf({ capture: [{ site: "blocks.1.hook_resid_pre" }, { site: "hook_embed" }] }), 2);
  assert.equal(await untilOf({ ledger: { layer: 1, position: -1 } }), 2);
  assert.equal(await untilOf({ capture: [{ site: "ln_final.hook_scale" }] }), layers);
  assert.equal(await untilOf({ capture: [{ site: "hook_embed" }], logits: {} }), layers);
  assert.equal(await untilOf({ lens: { sites: ["embed"] } }), layers);
  assert.equal(await untilOf({}), layers);
});

testEachService("captures are what the engine reads, whatever else shares the pass", async (under) => {
  const { engine, tokenizer, prompt } = under;
  const tokens = [tokenizer.encode(prompt, { prependBos: true }).map(({ id }) => id)];
  const capture = [
    { site: "blocks.1.mlp.hook_post", positions: [-1, 2], units: [7, 0] },
    { site: "blocks.1.mlp.hook_post" },
    { site: "blocks.0.attn.hook_pattern", positions: [3] },
    { site: "ln_final.hook_normalized", positions: [-2] },
  ];
  const { result, tensors } = await run(under, {
    compute: {
      capture,
      logits: { positions: "all" },
      lens: {},
      ledger: { layer: 1, position: 0 },
      attribution: { target: { token: under.token } },
    },
  });
  const length = ensureDefined(tokens[0]).length;
  const { reads, residual } = await engine.forward({
    tokens,
    reads: [
      { site: { kind: "mlp.hook_post", layer: 1 }, positions: [length - 1, 2], units: [7, 0] },
      { site: { kind: "mlp.hook_post", layer: 1 } },
      { site: { kind: "attn.hook_pattern", layer: 0 }, positions: [3] },
    ],
  });
  const late = await engine.unembed({
    residual,
    positions: Array.from({ length }, (_, i) => i),
    reads: [{ site: { kind: "ln_final.hook_normalized" }, positions: [length - 2] }],
  });
  for (const [i, expected] of [...reads, ensureDefined(late.reads[0])].entries()) {
    const captured = ensureDefined(tensors.get(`results/capture/${i}/values`));
    assert.deepEqual(captured.axes, expected.axes);
    assert.deepEqual(captured.shape, expected.shape);
    expected.data.forEach((value, at) => {
      assertNear(captured.data[at], value, 1e-5 * Math.max(1, Math.abs(value)), `capture ${i}`);
    });
    const json = ensureDefined(result.results.capture?.[i]).values;
    assert.deepEqual(
      Float32Array.from(json.data, (value) => value ?? Number.NaN),
      captured.data,
      "the JSON holds every bit",
    );
  }
  assert.deepEqual(
    result.results.capture?.map(({ positions }) => positions),
    [[length - 1, 2], Array.from({ length }, (_, i) => i), [3], [length - 2]],
  );
});

testEachService("an intervention behind everything that was asked for is refused", async (under) => {
  const last = under.engine.model.shape.layers - 1;
  const intervention = (site: string): Intervention => ({ site, op: "zero" });
  const early: ComputeQuery = { capture: [{ site: "blocks.0.mlp.hook_post" }] };
  for (const site of ["blocks.1.hook_resid_pre", siteName("mlp.hook_post", last), "ln_final.hook_scale"]) {
    await assert.rejects(
      run(under, { interventions: [intervention(site)], compute: early }),
      { code: "intervention-matches-nothing" },
      site,
    );
  }
  await run(under, { interventions: [intervention("blocks.0.hook_resid_pre")], compute: early });
  await run(under, { interventions: [intervention("ln_final.hook_scale")], compute: { ...early, logits: {} } }).catch(
    (error: unknown) => {
      assert.fail(`refused: ${String(error)}`);
    },
  );
});

testEachService("muted interventions do nothing, and are allowed to be impossible", async (under) => {
  const bare = await lastLogits(under, {});
  const muted: Intervention = { site: "blocks.1.mlp.hook_post", op: "set", value: 9, muted: true };
  assert.deepEqual(await lastLogits(under, { interventions: [muted] }), bare);
  assert.notDeepEqual(await lastLogits(under, { interventions: [{ ...muted, muted: false }] }), bare);
});

testEachService(
  "the recipe's hash is stable, changes with what is asked, and its request replays the run",
  async (under) => {
    const interventions: Intervention[] = [
      { site: "blocks.0.hook_resid_mid", units: [2, 4], op: "mean" },
      { site: "blocks.1.mlp.hook_post", units: [3], op: "add", value: 2 },
    ];
    const rest: Rest = { interventions, compute: { logits: { full: true } } };
    const first = await run(under, rest);
    const { recipe } = first.result;
    assert.equal((await run(under, rest)).result.recipe.hash, recipe.hash);
    const others: Rest[] = [
      { ...rest, interventions: [] },
      { ...rest, compute: { logits: { full: true, top: 3 } } },
      { ...rest, input: { text: under.prompt, prependBos: false } },
      { ...rest, input: { text: `${under.prompt}${under.token}` } },
    ];
    const hashes = await Promise.all(others.map(async (other) => (await run(under, other)).result.recipe.hash));
    assert.equal(new Set([recipe.hash, ...hashes]).size, others.length + 1);

    const replayed = await under.service.run(recipe.request as RunRequest, UNDISTURBED);
    const full = (answer: typeof first) => ensureDefined(answer.tensors.get("results/logits/full")).data;
    assert.deepEqual(full(replayed), full(first), "the same numbers from the recipe's own request");
  },
);

test("rows, positions, layers and tokens that are not there are refused, and the error says where", async () => {
  const { service, name } = await fixtureService("tiny-llama");
  const cases: [string, ComputeQuery, string][] = [
    ["position-out-of-range", { logits: { positions: [9] } }, "compute/logits/positions/0"],
    ["position-out-of-range", { lens: { positions: [0, -4] } }, "compute/lens/positions/1"],
    ["layer-out-of-range", { ledger: { layer: 3, position: 0 } }, "compute/ledger/layer"],
    ["row-out-of-range", { ledger: { layer: 0, position: 0, row: 1 } }, "compute/ledger/row"],
    ["row-out-of-range", { attribution: { target: { token: 3 }, row: 2 } }, "compute/attribution/row"],
    ["unknown-token", { attribution: { target: { token: "nothing" } } }, "compute/attribution/target/token"],
    ["token-out-of-range", { logits: { tokens: [97] } }, "compute/logits/tokens/0"],
    ["unit-out-of-range", { capture: [{ site: "blocks.0.mlp.hook_post", units: [48] }] }, "compute/capture/0"],
    ["unknown-site", { lens: { sites: ["blocks.0.mlp.hook_post"] } }, "compute/lens/sites/0"],
  ];
  for (const [code, compute, at] of cases) {
    const running = service.run({ model: name, input: { tokens: [[1, 2, 3]] }, compute }, UNDISTURBED);
    await assert.rejects(running, (error: { code: string; facts: { at?: string } }) => {
      assert.deepEqual([error.code, error.facts.at], [code, at]);
      return true;
    });
  }
});
