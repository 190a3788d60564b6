/** What an edit does, and where: rows, positions, units, dimensions, values, order. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { axisLengthOf, type Engine, type SiteEdit } from "@patchbay/transformer";
import { describeSite, ensureDefined, nameOf, type Site, selectAlong, type Tensor } from "@patchbay/vocabulary";
import { applyEdits } from "./testing/apply-edits.ts";
import { fixture, testEachModel } from "./testing/each-model.ts";
import {
  assertClose,
  assertSameNumbers,
  editOf,
  indices,
  logitsOf,
  observe,
  relativeError,
  sitesOf,
} from "./testing/observe.ts";

const POST: Site = { kind: "mlp.hook_post", layer: 1 };

async function readAt(
  engine: Engine,
  site: Site,
  tokens: readonly (readonly number[])[],
  edits: readonly SiteEdit[] = [],
): Promise<Tensor> {
  if (describeSite(site.kind).stage !== "unembed") {
    return ensureDefined((await engine.forward({ tokens, edits, reads: [{ site }] })).reads[0]);
  }
  const { residual } = await engine.forward({ tokens, edits });
  const positions = indices(tokens[0]?.length ?? 0);
  return ensureDefined((await engine.unembed({ residual, positions, edits, reads: [{ site }] })).reads[0]);
}

/** Numbers in [0, 1) that look random and are the same every time. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

/** A few edits of one site, overlapping at random. */
function randomEdits(engine: Engine, site: Site, batch: number, count: number, random: () => number): SiteEdit[] {
  const { shape } = engine.model;
  const { unitAxis, detailAxis } = describeSite(site.kind);
  const some = (length: number) => {
    const kept = indices(length).filter(() => random() < 0.4);
    return kept.length === 0 ? [Math.floor(random() * length)] : kept.sort(() => random() - 0.5);
  };
  const maybe = (length: number) => (random() < 0.3 ? "all" : some(length));
  return indices(3).map((): SiteEdit => {
    const units = maybe(ensureDefined(axisLengthOf(shape, unitAxis)));
    const details = detailAxis === undefined ? "all" : maybe(axisLengthOf(shape, detailAxis) ?? count);
    const positions = random() < 0.25 ? { from: Math.floor(random() * count) } : maybe(count);
    const width = (selection: "all" | readonly number[], axis: string | undefined) =>
      selection !== "all" ? selection.length : axis === undefined ? 1 : (axisLengthOf(shape, axis as "head") ?? count);
    const perPosition = width(units, unitAxis) * width(details, detailAxis);
    const positionCount = positions === "all" ? count : "from" in positions ? count - positions.from : positions.length;
    const many = (length: number) => Float32Array.from({ length }, () => random() * 4 - 2);
    const kind = random();
    const offset = kind < 0.4 ? random() * 4 - 2 : many(kind < 0.7 ? perPosition : perPosition * positionCount);
    return editOf(site, {
      rows: maybe(batch),
      positions,
      units,
      dimensions: details,
      scale: [0, 1, -0.5][Math.floor(random() * 3)] ?? 1,
      offset,
    });
  });
}

function describe(edits: readonly SiteEdit[]): string {
  return JSON.stringify(edits, (_, value: unknown) =>
    value instanceof Float32Array ? `${value.length} values` : value,
  );
}

for (const name of ["tiny-llama", "tiny-gpt2"] as const) {
  test(`${name}: overlapping edits of any site do what their words say, in the order written`, async () => {
    const { engine, tokens } = await fixture(name);
    const random = sequence(7);
    for (const site of sitesOf(engine.model.shape)) {
      const before = await readAt(engine, site, tokens);
      for (let round = 0; round < 4; round++) {
        const edits = randomEdits(engine, site, tokens.length, tokens[0]?.length ?? 0, random);
        const after = await readAt(engine, site, tokens, edits);
        assertClose(after, applyEdits(before, edits), 1e-6, `${nameOf(site)}, round ${round}, ${describe(edits)}`);
      }
    }
  });
}

test("set, scale and add compose in the order written, where they overlap", async () => {
  const { engine, tokens } = await fixture("tiny-llama");
  const set = editOf(POST, { units: [1, 2, 3], scale: 0, offset: 3 });
  const scale = editOf(POST, { units: [2, 3], positions: [4, 5], scale: 2 });
  const add = editOf(POST, { units: [3], positions: [5], offset: 1 });
  const at = async (edits: SiteEdit[], position: number, unit: number) => {
    const value = await readAt(engine, POST, tokens, edits);
    return value.data[position * engine.model.shape.neurons + unit];
  };
  const was = ensureDefined(await at([], 5, 3));
  assert.equal(await at([set, scale, add], 5, 3), 7);
  assert.equal(await at([set, scale, add], 5, 2), 6);
  assert.equal(await at([set, scale, add], 3, 2), 3);
  assert.equal(await at([add, scale, set], 5, 3), 3);
  assert.equal(await at([scale, add], 5, 3), Math.fround(was * 2 + 1));
  assert.equal(await at([add, scale], 5, 3), Math.fround(Math.fround(was * 2) + 2));
});

testEachModel(
  "an edit of one row leaves the others alone, and each row can have its own",
  async ({ engine, tokens }) => {
    const { layers } = engine.model.shape;
    const own = tokens.map((_, row) => [
      editOf({ kind: "mlp.hook_post", layer: 0 }, { rows: [row], units: [row, 5], scale: 0, offset: 2 + row }),
      editOf(
        { kind: "hook_resid_mid", layer: layers - 1 },
        { rows: [row], positions: [3], scale: 1 - row / 2, offset: row },
      ),
      editOf(
        { kind: "attn.hook_pattern", layer: 1 },
        { rows: [row], units: [0], dimensions: [0], scale: 0, offset: row },
      ),
    ]);
    const together = await logitsOf(engine, tokens, own.flat());
    for (const [row, sequence] of tokens.entries()) {
      const alone = await logitsOf(
        engine,
        [sequence],
        ensureDefined(own[row]).map((edit) => ({ ...edit, rows: [0] })),
      );
      assertClose(selectAlong(together, "batch", [row]), alone, 5e-6, `row ${row}`);
    }
    const firstOnly = await logitsOf(engine, tokens, ensureDefined(own[0]));
    const bare = await logitsOf(engine, tokens);
    assertClose(selectAlong(firstOnly, "batch", [1]), selectAlong(bare, "batch", [1]), 5e-6, "the row without edits");
    assert.ok(relativeError(selectAlong(firstOnly, "batch", [0]).data, selectAlong(bare, "batch", [0]).data) > 1e-4);
  },
);

test("edits of grouped keys and values reach exactly the query heads that share them", async () => {
  const { engine, tokens } = await fixture("tiny-llama");
  const { heads, keyValueHeads } = engine.model.shape;
  assert.ok(keyValueHeads < heads);
  const before = await observe(engine, tokens);
  for (const shared of indices(keyValueHeads)) {
    for (const [kind, read, headAxis] of [
      ["attn.hook_k", "attn.hook_pattern", "head"],
      ["attn.hook_rot_k", "attn.hook_pattern", "head"],
      ["attn.hook_v", "attn.hook_z", "head"],
    ] as const) {
      const edits = [editOf({ kind, layer: 1 }, { units: [shared], scale: 0, offset: 0.5 })];
      const after = await observe(engine, tokens, { edits });
      const name = nameOf({ kind: read, layer: 1 });
      for (const head of indices(heads)) {
        const part = (pass: typeof before) => selectAlong(ensureDefined(pass.sites.get(name)), headAxis, [head]).data;
        const reached = relativeError(part(after), part(before)) > 1e-6;
        assert.equal(reached, Math.floor((head * keyValueHeads) / heads) === shared, `${kind} ${shared}, head ${head}`);
      }
    }
  }
});

testEachModel("no edit of scores or patterns lets a position see a later one", async ({ engine, tokens }) => {
  const [row = []] = tokens;
  const cut = row.length - 4;
  for (const kind of ["attn.hook_attn_scores", "attn.hook_pattern"] as const) {
    const edits = [editOf({ kind, layer: 1 }, { scale: 0, offset: 0.25 })];
    const whole = await observe(engine, [row], { edits });
    const pattern = ensureDefined(whole.sites.get("blocks.1.attn.hook_pattern"));
    pattern.data.forEach((weight, i) => {
      const [query, key] = [Math.floor(i / row.length) % row.length, i % row.length];
      if (key > query) assert.equal(weight, 0, `${kind}: query ${query} sees key ${key}`);
    });
    const prefix = await logitsOf(engine, [row.slice(0, cut)], edits);
    assertClose(selectAlong(whole.logits, "position", indices(cut)), prefix, 5e-6, `${kind}: the prefix alone`);
  }
});

test("set replaces whatever was there, and the place listed twice is one place", async () => {
  const { engine, tokens } = await fixture("tiny-gpt2");
  const add = editOf(POST, { units: [2], positions: [1], offset: 1 });
  const twice = editOf(POST, { units: [2, 2], positions: [1, 1], rows: [0, 0, 1], offset: 1 });
  const elsewhere = editOf(POST, { units: [9], positions: [3], offset: 1 });
  assertSameNumbers(await readAt(engine, POST, tokens, [twice]), await readAt(engine, POST, tokens, [add]), "alone");
  assertSameNumbers(
    await readAt(engine, POST, tokens, [twice, elsewhere]),
    await readAt(engine, POST, tokens, [add, elsewhere]),
    "beside another edit",
  );
});

test("values that fit neither units nor positions × units are refused", async () => {
  const { engine, tokens } = await fixture("tiny-gpt2");
  for (const length of [0, 1, 3, 5]) {
    const edit = editOf(POST, { units: [1, 2], positions: [3, 4], scale: 0, offset: new Float32Array(length) });
    await assert.rejects(engine.forward({ tokens, edits: [edit] }), { code: "values-do-not-fit" }, `${length} values`);
  }
});
