/** What matches nothing or cannot be computed is refused before anything runs, with its exact code. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ForwardRequest, SiteEdit, SiteRead } from "@patchbay/transformer";
import type { ErrorCode, Site } from "@patchbay/vocabulary";
import { PatchbayError } from "@patchbay/vocabulary";
import { fixture, type ModelUnderTest } from "./testing/each-model.ts";
import { editOf, indices } from "./testing/observe.ts";

const POST: Site = { kind: "mlp.hook_post", layer: 0 };
const PATTERN: Site = { kind: "attn.hook_pattern", layer: 0 };

interface Case {
  readonly what: string;
  readonly code: ErrorCode;
  readonly request: (model: ModelUnderTest) => Partial<ForwardRequest>;
}

const edit = (site: Site, rest: Partial<SiteEdit>) => () => ({ edits: [editOf(site, rest)] });
const read =
  (site: Site, rest: Partial<SiteRead> = {}) =>
  () => ({ reads: [{ site, ...rest }] });

const CASES: readonly Case[] = [
  { what: "edit: unit", code: "unit-out-of-range", request: edit(POST, { units: [0, 48] }) },
  { what: "edit: fraction of a unit", code: "unit-out-of-range", request: edit(POST, { units: [1.5] }) },
  { what: "edit: negative unit", code: "unit-out-of-range", request: edit(POST, { units: [-1] }) },
  {
    what: "edit: key/value head",
    code: "unit-out-of-range",
    request: edit({ kind: "attn.hook_k", layer: 0 }, { units: [2] }),
  },
  {
    what: "edit: dimension of a head",
    code: "unit-out-of-range",
    request: edit({ kind: "attn.hook_z", layer: 0 }, { dimensions: [8] }),
  },
  { what: "edit: key", code: "unit-out-of-range", request: edit(PATTERN, { dimensions: [11] }) },
  { what: "edit: dimensions where there are none", code: "invalid-request", request: edit(POST, { dimensions: [0] }) },
  { what: "edit: position", code: "position-out-of-range", request: edit(POST, { positions: [11] }) },
  { what: "edit: row", code: "row-out-of-range", request: edit(POST, { rows: [2] }) },
  { what: "edit: layer", code: "layer-out-of-range", request: edit({ kind: "mlp.hook_post", layer: 3 }, {}) },
  { what: "edit: no units", code: "intervention-matches-nothing", request: edit(POST, { units: [] }) },
  { what: "edit: no positions", code: "intervention-matches-nothing", request: edit(POST, { positions: [] }) },
  { what: "edit: no rows", code: "intervention-matches-nothing", request: edit(POST, { rows: [] }) },
  { what: "edit: no dimensions", code: "intervention-matches-nothing", request: edit(PATTERN, { dimensions: [] }) },
  {
    what: "edit: positions behind the end",
    code: "intervention-matches-nothing",
    request: edit(POST, { positions: { from: 11 } }),
  },
  {
    what: "edit: block site without its layer",
    code: "layer-out-of-range",
    request: edit({ kind: "mlp.hook_post" }, {}),
  },
  {
    what: "edit: layer below zero",
    code: "layer-out-of-range",
    request: edit({ kind: "mlp.hook_post", layer: -1 }, {}),
  },
  { what: "read: unit", code: "unit-out-of-range", request: read(POST, { units: [48] }) },
  { what: "read: position", code: "position-out-of-range", request: read(POST, { positions: [11] }) },
  { what: "read: layer", code: "layer-out-of-range", request: read({ kind: "mlp.hook_post", layer: 3 }) },
  { what: "read: no units", code: "intervention-matches-nothing", request: read(POST, { units: [] }) },
  { what: "read: no positions", code: "intervention-matches-nothing", request: read(POST, { positions: [] }) },
  {
    what: "read: above the last block that runs",
    code: "intervention-matches-nothing",
    request: () => ({ until: 1, reads: [{ site: { kind: "hook_resid_pre", layer: 1 } }] }),
  },
  {
    what: "read: the final norm belongs to the unembedding",
    code: "intervention-matches-nothing",
    request: read({ kind: "ln_final.hook_scale" }),
  },
  {
    what: "edit: above the last block that runs",
    code: "intervention-matches-nothing",
    request: () => ({ until: 1, edits: [editOf({ kind: "mlp.hook_post", layer: 1 }, {})] }),
  },
  {
    what: "a cached pass that stops early",
    code: "invalid-request",
    request: ({ engine, tokens }) => ({ until: 1, cache: engine.newCache(tokens.length) }),
  },
  {
    what: "a cache for another number of rows",
    code: "values-do-not-fit",
    request: ({ engine, tokens }) => ({ cache: engine.newCache(tokens.length + 1) }),
  },
  { what: "until above the model", code: "layer-out-of-range", request: () => ({ until: 4 }) },
  { what: "until below zero", code: "layer-out-of-range", request: () => ({ until: -1 }) },
  { what: "no rows of tokens", code: "empty-input", request: () => ({ tokens: [] }) },
  { what: "an empty row", code: "empty-input", request: () => ({ tokens: [[]] }) },
  { what: "rows of different length", code: "invalid-request", request: () => ({ tokens: [[1, 2], [1]] }) },
  { what: "token beyond the vocabulary", code: "token-out-of-range", request: () => ({ tokens: [[1, 97]] }) },
  { what: "negative token", code: "token-out-of-range", request: () => ({ tokens: [[-1]] }) },
  { what: "fraction of a token", code: "token-out-of-range", request: () => ({ tokens: [[1.5]] }) },
  { what: "longer than the context", code: "context-exceeded", request: () => ({ tokens: [indices(65)] }) },
];

for (const { what, code, request } of CASES) {
  test(`refused: ${what} (${code})`, async () => {
    const model = await fixture("tiny-llama");
    const { engine, tokens } = model;
    await assert.rejects(engine.forward({ tokens, ...request(model) }), (error) => {
      assert.ok(error instanceof PatchbayError, String(error));
      assert.equal(error.code, code, error.message);
      return true;
    });
  });
}

test("sites that the family does not have are unknown to it", async () => {
  for (const [name, kind] of [
    ["tiny-llama", "hook_pos_embed"],
    ["tiny-gpt2", "mlp.hook_pre_linear"],
    ["tiny-gpt2", "attn.hook_rot_q"],
    ["tiny-gpt2", "attn.hook_rot_k"],
  ] as const) {
    const { engine, tokens } = await fixture(name);
    const site: Site = kind === "hook_pos_embed" ? { kind } : { kind, layer: 0 };
    await assert.rejects(
      engine.forward({ tokens, reads: [{ site }] }),
      { code: "unknown-site" },
      `read ${kind} of ${name}`,
    );
    await assert.rejects(
      engine.forward({ tokens, edits: [editOf(site, {})] }),
      { code: "unknown-site" },
      `edit ${kind} of ${name}`,
    );
  }
});

test("an edit below the block at which a pass resumes, or a stream of another width, is refused", async () => {
  const { engine, tokens } = await fixture("tiny-gpt2");
  const { residual } = await engine.forward({ tokens, until: 1 });
  for (const site of [POST, { kind: "hook_embed" }] as const) {
    const request = { tokens: [], from: { layer: 1, residual }, edits: [editOf(site, {})] };
    await assert.rejects(engine.forward(request), { code: "intervention-matches-nothing" });
  }
  const narrow = { ...residual, shape: [1, 1, 3], data: new Float32Array(3) };
  await assert.rejects(engine.forward({ tokens: [], from: { layer: 1, residual: narrow } }), {
    code: "values-do-not-fit",
  });
});

test("a read below the block at which a pass resumes is refused", async () => {
  const { engine, tokens } = await fixture("tiny-gpt2");
  const { residual } = await engine.forward({ tokens, until: 1 });
  for (const site of [POST, { kind: "hook_embed" }] as const) {
    const request = { tokens: [], from: { layer: 1, residual }, reads: [{ site }] };
    await assert.rejects(engine.forward(request), { code: "intervention-matches-nothing" });
  }
  await assert.rejects(engine.forward({ tokens: [], from: { layer: 2, residual }, until: 1 }), {
    code: "layer-out-of-range",
  });
});

test("the context limit counts what the cache holds, and a full cache refuses more", async () => {
  const { engine } = await fixture("tiny-llama");
  const { context } = engine.model.shape;
  const cache = engine.newCache(1);
  await engine.forward({ tokens: [indices(context - 1)], cache });
  await engine.forward({ tokens: [[5]], cache });
  assert.equal(cache.length, context);
  await assert.rejects(engine.forward({ tokens: [[5]], cache }), { code: "context-exceeded" });
  const small = engine.newCache(1, 4);
  await assert.rejects(engine.forward({ tokens: [[1, 2, 3, 4, 5]], cache: small }), { code: "context-exceeded" });
  cache.release();
  small.release();
});

test("with a cache, a read of a position that is already past is refused", async () => {
  const { engine } = await fixture("tiny-llama");
  const cache = engine.newCache(1);
  await engine.forward({ tokens: [[1, 2, 3]], cache });
  const request = { tokens: [[4]], cache, reads: [{ site: POST, positions: [1] }] };
  await assert.rejects(engine.forward(request), { code: "position-out-of-range" });
  cache.release();
});

test("the unembedding refuses reads outside what it was given", async () => {
  const { engine, tokens } = await fixture("tiny-llama");
  const { residual } = await engine.forward({ tokens });
  const positions = indices(11);
  const ask = (rest: Partial<SiteRead>) =>
    engine.unembed({ residual, positions, reads: [{ site: { kind: "ln_final.hook_normalized" }, ...rest }] });
  await assert.rejects(ask({ units: [32] }), { code: "unit-out-of-range" });
  await assert.rejects(ask({ positions: [11] }), { code: "position-out-of-range" });
  const misplaced = engine.unembed({ residual, positions, reads: [{ site: POST }] });
  await assert.rejects(misplaced, { code: "intervention-matches-nothing" });
});
