/** Generation with a key/value cache is the same computation as running the whole sequence again for every token. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Engine, SiteEdit } from "@patchbay/transformer";
import { describeSite, ensureDefined, type Site, type SiteKind, selectAlong, type Tensor } from "@patchbay/vocabulary";
import { fixture, testEachModel } from "./testing/each-model.ts";
import { assertClose, editOf, indices, logitsOf, type Tokens } from "./testing/observe.ts";

const TOLERANCE = 1e-5;
const STEPS = 6;

interface Generated {
  readonly tokens: number[][];
  /** [batch, 1, token] before each choice. */
  readonly logits: Tensor[];
}

function best({ shape, data }: Tensor): number[] {
  const [batch = 0, , vocabulary = 0] = shape;
  return indices(batch).map((row) => {
    const logits = data.subarray(row * vocabulary, (row + 1) * vocabulary);
    return logits.indexOf(Math.max(...logits));
  });
}

async function cached(engine: Engine, prompt: Tokens, edits: readonly SiteEdit[]): Promise<Generated> {
  const cache = engine.newCache(prompt.length);
  const result: Generated = { tokens: prompt.map(() => []), logits: [] };
  let next: Tokens = prompt;
  for (let step = 0; step < STEPS; step++) {
    const { residual } = await engine.forward({ tokens: next, edits, cache });
    const last = selectAlong(residual, "position", [(residual.shape[1] ?? 1) - 1]);
    const positions = [cache.length - 1];
    const logits = ensureDefined((await engine.unembed({ residual: last, positions, edits, full: true })).logits);
    record(result, logits);
    next = best(logits).map((id) => [id]);
  }
  assert.equal(cache.length, (prompt[0]?.length ?? 0) + STEPS - 1);
  cache.release();
  return result;
}

async function uncached(engine: Engine, prompt: Tokens, edits: readonly SiteEdit[]): Promise<Generated> {
  const result: Generated = { tokens: prompt.map(() => []), logits: [] };
  for (let step = 0; step < STEPS; step++) {
    const sequence = prompt.map((row, r) => [...row, ...(result.tokens[r] ?? [])]);
    const length = sequence[0]?.length ?? 0;
    const whole = await logitsOf(
      engine,
      sequence,
      edits.flatMap((edit) => within(edit, length)),
    );
    record(result, selectAlong(whole, "position", [length - 1]));
  }
  return result;
}

/** The part of an edit that lies in a sequence which is still growing. */
function within(edit: SiteEdit, length: number): SiteEdit[] {
  const { positions, dimensions, site } = edit;
  if (dimensions !== "all" && describeSite(site.kind).detailAxis === "key" && dimensions.some((key) => key >= length)) {
    return within({ ...edit, dimensions: dimensions.filter((key) => key < length) }, length);
  }
  if (positions === "all") return [edit];
  if ("from" in positions) return positions.from < length ? [edit] : [];
  const reached = positions.filter((position) => position < length);
  return reached.length === 0 ? [] : [{ ...edit, positions: reached }];
}

function record({ tokens, logits }: Generated, step: Tensor): void {
  best(step).forEach((id, row) => {
    tokens[row]?.push(id);
  });
  logits.push(step);
}

async function compare(engine: Engine, prompt: Tokens, edits: readonly SiteEdit[], what: string): Promise<number> {
  const [fast, slow] = [await cached(engine, prompt, edits), await uncached(engine, prompt, edits)];
  assert.deepEqual(fast.tokens, slow.tokens, `${what}: tokens`);
  return Math.max(
    ...fast.logits.map((step, i) => assertClose(step, slow.logits[i], TOLERANCE, `${what}: logits of step ${i}`)),
  );
}

testEachModel("cached generation equals the uncached pass", async ({ engine, tokens }, t: TestContext) => {
  const rows = tokens.map((row) => row.slice(0, 7));
  t.diagnostic(`a batch: ${(await compare(engine, rows, [], "batch")).toExponential(2)}`);
  t.diagnostic(`one token: ${(await compare(engine, [rows[0]?.slice(0, 1) ?? []], [], "one token")).toExponential(2)}`);
});

testEachModel("cached generation equals the uncached pass under every kind of edit", async ({ engine, tokens }, t) => {
  const prompt = tokens.map((row) => row.slice(0, 7));
  const length = prompt[0]?.length ?? 0;
  const { layers, keyValueHeads, positions } = engine.model.shape;
  const last = layers - 1;
  const keys: SiteKind[] = positions.kind === "rotary" ? ["attn.hook_k", "attn.hook_rot_k"] : ["attn.hook_k"];
  const sites: Site[] = [
    { kind: "hook_embed" },
    ...(
      [
        "hook_resid_pre",
        "attn.hook_v",
        ...keys,
        "attn.hook_pattern",
        "attn.hook_attn_scores",
        "attn.hook_result",
      ] as const
    ).map((kind) => ({ kind, layer: 1 })),
    { kind: "mlp.hook_post", layer: 0 },
    { kind: "ln2.hook_scale", layer: last },
    { kind: "ln_final.hook_normalized" },
  ];
  const places = ["all", { from: length }, [2, length - 1], [length + 1], { from: 3 }] as const;
  // The small models go through all of it; a large one through enough to show that size changes nothing.
  const few = layers > 3;
  const chosen = few
    ? sites.filter(({ kind }) => ["attn.hook_pattern", "attn.hook_rot_k", "mlp.hook_post"].includes(kind))
    : sites;
  let largest = 0;
  for (const site of chosen) {
    for (const place of few ? places.slice(0, 3) : places) {
      const { unitAxis, detailAxis } = describeSite(site.kind);
      const edit = editOf(site, {
        positions: place,
        units: unitAxis === "norm" ? [0] : [keyValueHeads - 1],
        dimensions: detailAxis === "key" ? [0, 5, length + 2] : "all",
        scale: 0.5,
        offset: 0.7,
      });
      largest = Math.max(largest, await compare(engine, prompt, [edit], `${site.kind} at ${JSON.stringify(place)}`));
    }
  }
  t.diagnostic(`largest relative error ${largest.toExponential(2)}`);
});

test("edits really act during generation", async () => {
  const { engine, tokens } = await fixture("tiny-llama");
  const prompt = tokens.map((row) => row.slice(0, 7));
  const bare = await cached(engine, prompt, []);
  const generated = editOf(
    { kind: "hook_resid_post", layer: 1 },
    { positions: { from: 7 }, units: [0, 1, 2], scale: 0, offset: 9 },
  );
  const edited = await cached(engine, prompt, [generated]);
  assertClose(edited.logits[0], bare.logits[0], 1e-7, "the first choice comes from the prompt alone");
  assert.throws(() => assertClose(edited.logits[1], bare.logits[1], 1e-2, "the second does not"));
});

test("values for each position of the prompt stay with the prompt", async () => {
  const { engine, tokens } = await fixture("tiny-llama");
  const prompt = [tokens[0]?.slice(0, 5) ?? []];
  const site: Site = { kind: "mlp.hook_post", layer: 1 };
  const values = Float32Array.from({ length: 5 * 2 }, (_, i) => i - 3);
  const edit = editOf(site, { units: [4, 9], scale: 0, offset: values });
  await compare(engine, prompt, [{ ...edit, positions: indices(5) }], "listed positions");
  const [everywhere, listed] = [
    await cached(engine, prompt, [edit]),
    await cached(engine, prompt, [{ ...edit, positions: indices(5) }]),
  ];
  everywhere.logits.forEach((step, i) => {
    assertClose(step, listed.logits[i], 0, `step ${i}`);
  });
});

test("reads during cached generation are those of the whole pass, also when cut in the graph", async () => {
  const { engine, tokens } = await fixture("tiny-llama");
  const [row = []] = tokens;
  const kinds = ["mlp.hook_post", "attn.hook_pattern", "attn.hook_z", "hook_resid_post", "attn.hook_k"] as const;
  const reads = kinds.map((kind) => ({ site: { kind, layer: 2 } as Site, units: [1, 0] }));
  const edits = [editOf({ kind: "mlp.hook_post", layer: 2 }, { units: [1], scale: 2 })];
  for (const some of [[], edits]) {
    const whole = await engine.forward({ tokens: [row], reads, edits: some });
    const cache = engine.newCache(1);
    await engine.forward({ tokens: [row.slice(0, 6)], cache, edits: some });
    const rest = await engine.forward({ tokens: [row.slice(6)], cache, reads, edits: some });
    const window = indices(row.length - 6, 6);
    for (const [i, kind] of kinds.entries()) {
      const expected = selectAlong(ensureDefined(whole.reads[i]), describeSite(kind).positionAxis, window);
      assertClose(rest.reads[i], expected, TOLERANCE, kind);
    }
    const position = [row.length - 1];
    const again = engine.newCache(1);
    await engine.forward({ tokens: [row.slice(0, 6)], cache: again, edits: some });
    const part = await engine.forward({
      tokens: [row.slice(6)],
      cache: again,
      edits: some,
      reads: reads.map((read) => ({ ...read, positions: position })),
    });
    for (const [i, kind] of kinds.entries()) {
      const expected = selectAlong(ensureDefined(whole.reads[i]), describeSite(kind).positionAxis, position);
      assertClose(part.reads[i], expected, TOLERANCE, `${kind} at its last position`);
    }
    cache.release();
    again.release();
  }
});
