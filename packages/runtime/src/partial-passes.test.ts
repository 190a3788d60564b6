/** Passes that stop early, resume from a residual stream, or run several rows at once are pieces of the same pass. */
import assert from "node:assert/strict";
import type { SiteEdit } from "@patchbay/transformer";
import { ensureDefined, nameOf, selectAlong } from "@patchbay/vocabulary";
import { testEachModel } from "./testing/each-model.ts";
import { assertClose, assertSameNumbers, editOf, indices, observe } from "./testing/observe.ts";

testEachModel("a pass that stops early is the beginning of the whole pass, bit for bit", async ({ engine, tokens }) => {
  const { layers } = engine.model.shape;
  const whole = await observe(engine, tokens);
  for (const until of indices(layers + 1)) {
    const { residual } = await engine.forward({ tokens, until });
    const name =
      until === layers
        ? nameOf({ kind: "hook_resid_post", layer: layers - 1 })
        : nameOf({ kind: "hook_resid_pre", layer: until });
    assertSameNumbers(residual, whole.sites.get(name), `until ${until}`);
  }
});

testEachModel("resuming at any layer gives the whole pass, bit for bit", async ({ engine, tokens }) => {
  const { layers } = engine.model.shape;
  const edits = [
    editOf({ kind: "mlp.hook_post", layer: 0 }, { units: [1], offset: 1 }),
    editOf({ kind: "attn.hook_z", layer: layers - 1 }, { units: [1], scale: 0 }),
  ];
  for (const some of [[], edits]) {
    const reads = indices(layers).map((layer) => ({ site: { kind: "hook_resid_post", layer } }) as const);
    const whole = await engine.forward({ tokens, edits: some, reads });
    for (const layer of indices(layers + 1)) {
      const isBelow = ({ site }: SiteEdit) => (site.layer ?? 0) < layer;
      const below = await engine.forward({ tokens, edits: some.filter(isBelow), until: layer });
      const above = await engine.forward({
        tokens: [],
        from: { layer, residual: below.residual },
        edits: some.filter((edit) => !isBelow(edit)),
        reads: reads.slice(layer),
      });
      assertSameNumbers(above.residual, whole.residual, `resumed at ${layer}`);
      above.reads.forEach((value, i) => {
        assertSameNumbers(value, whole.reads[layer + i], `layer ${layer + i} resumed at ${layer}`);
      });
    }
  }
});

testEachModel("rows of a batch equal the same rows run alone", async ({ engine, tokens }, t) => {
  const batch = await observe(engine, tokens, { perHead: true });
  let largest = 0;
  for (const [row, sequence] of tokens.entries()) {
    const single = await observe(engine, [sequence], { perHead: true });
    const compare = (what: string, whole: typeof batch.logits, alone: typeof batch.logits | undefined) => {
      largest = Math.max(largest, assertClose(selectAlong(whole, "batch", [row]), alone, 5e-6, `${what}, row ${row}`));
    };
    for (const [name, value] of batch.sites) compare(name, value, single.sites.get(name));
    compare("logits", batch.logits, single.logits);
  }
  t.diagnostic(`largest relative error ${largest.toExponential(2)}`);
});

testEachModel(
  "the unembedding gives the same at chosen positions, and its summaries are those of its logits",
  async ({ engine, tokens }) => {
    const { residual } = await engine.forward({ tokens });
    const count = tokens[0]?.length ?? 0;
    const whole = await engine.unembed({ residual, positions: indices(count), full: true, top: 7 });
    const chosen = [count - 1, 2];
    const part = await engine.unembed({
      residual: selectAlong(residual, "position", chosen),
      positions: chosen,
      full: true,
      top: 7,
    });
    assertClose(part.logits, selectAlong(ensureDefined(whole.logits), "position", chosen), 5e-6, "logits");

    const { vocabulary } = engine.model.shape;
    const logits = ensureDefined(whole.logits).data;
    for (let cell = 0; cell < tokens.length * count; cell++) {
      const row = logits.subarray(cell * vocabulary, (cell + 1) * vocabulary);
      const sorted = Float32Array.from(row).sort().reverse();
      const highest = sorted[0] ?? 0;
      const logSumExp = highest + Math.log(row.reduce((sum, logit) => sum + Math.exp(logit - highest), 0));
      assert.ok(Math.abs((whole.logSumExp.data[cell] ?? 0) - logSumExp) < 1e-5 * Math.max(1, Math.abs(logSumExp)));
      assert.deepEqual(whole.topLogits.data.subarray(cell * 7, cell * 7 + 7), sorted.subarray(0, 7));
      for (const rank of indices(7)) assert.equal(row[whole.topTokens.data[cell * 7 + rank] ?? -1], sorted[rank]);
    }
  },
);
