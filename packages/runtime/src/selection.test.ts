/** Reads that select positions and units in the graph equal the whole value, cut. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { axisLengthOf, type Engine, type SiteEdit, type SiteRead } from "@patchbay/transformer";
import { describeSite, ensureDefined, nameOf, type Site, selectAlong, type Tensor } from "@patchbay/vocabulary";
import { testEachModel } from "./testing/each-model.ts";
import { stories15m } from "./testing/installed-models.ts";
import { assertSameNumbers, editOf, indices, sitesOf, someTokens, type Tokens } from "./testing/observe.ts";

type Selection = Pick<SiteRead, "positions" | "units">;

function cut(value: Tensor, { kind }: Site, { positions, units }: Selection): Tensor {
  const { positionAxis, unitAxis } = describeSite(kind);
  const some = positions === undefined ? value : selectAlong(value, positionAxis, positions);
  return units === undefined ? some : selectAlong(some, unitAxis, units);
}

async function read(
  engine: Engine,
  tokens: Tokens,
  reads: readonly SiteRead[],
  edits: readonly SiteEdit[],
): Promise<readonly Tensor[]> {
  const { site } = ensureDefined(reads[0]);
  if (describeSite(site.kind).stage !== "unembed") return (await engine.forward({ tokens, reads, edits })).reads;
  const { residual } = await engine.forward({ tokens, edits });
  return (await engine.unembed({ residual, positions: indices(tokens[0]?.length ?? 0), reads, edits })).reads;
}

/** Out of order, with a repeated entry. */
function selections(engine: Engine, { kind }: Site, count: number): Selection[] {
  const width = ensureDefined(axisLengthOf(engine.model.shape, describeSite(kind).unitAxis));
  const positions = [count - 1, 0, 3, 3];
  const units = width === 1 ? [0] : [width - 1, 0, 1];
  return [{ positions }, { units }, { positions, units }, { positions: [2], units: [0] }];
}

testEachModel("every site: a part read in the graph is the whole read, cut", async ({ engine, tokens }) => {
  const count = tokens[0]?.length ?? 0;
  const sites = sitesOf(engine.model.shape).filter(({ layer }) => (layer ?? 1) === 1);
  // Any edit puts the stage into the variant that selects in the graph.
  const edit = (site: Site) => editOf(site, { positions: [1], units: [0], offset: 0.5 });
  for (const site of sites) {
    for (const edits of [[], [edit(site)]]) {
      const [whole] = await read(engine, tokens, [{ site }], edits);
      for (const selection of selections(engine, site, count)) {
        const [part] = await read(engine, tokens, [{ site, ...selection }], edits);
        assertSameNumbers(
          part,
          cut(ensureDefined(whole), site, selection),
          `${nameOf(site)} ${JSON.stringify(selection)}`,
        );
        assert.deepEqual(part?.axes, describeSite(site.kind).axes);
      }
    }
  }
});

testEachModel(
  "several parts of one site and of others come from one pass, in the order asked",
  async ({ engine, tokens }) => {
    const post: Site = { kind: "mlp.hook_post", layer: 1 };
    const pattern: Site = { kind: "attn.hook_pattern", layer: 1 };
    const reads: SiteRead[] = [
      { site: post, positions: [4], units: [7] },
      { site: pattern, units: [1] },
      { site: post },
      { site: { kind: "hook_embed" }, positions: [0] },
      { site: post, positions: [1, 0] },
      { site: pattern, positions: [5] },
      { site: post, positions: [4], units: [7] },
    ];
    for (const edits of [[], [editOf(post, { units: [7], positions: [4], scale: 0, offset: 9 })]]) {
      const together = await read(engine, tokens, reads, edits);
      for (const [i, one] of reads.entries()) {
        const [whole] = await read(engine, tokens, [{ site: one.site }], edits);
        assertSameNumbers(together[i], cut(ensureDefined(whole), one.site, one), `read ${i}`);
      }
    }
  },
);

test("long inputs: large values are cut in the graph without any edit", async (t) => {
  const model = await stories15m(t);
  if (model === undefined) return;
  const { engine } = model;
  const tokens = [[1, ...someTokens(199, 31_000)]];
  const bytes = () => engine.loadedBytes();
  await engine.unload();
  for (const kind of ["attn.hook_pattern", "mlp.hook_post", "attn.hook_result", "attn.hook_attn_scores"] as const) {
    const site: Site = { kind, layer: 2 };
    const selection = { positions: [150, 7], units: [3, 1] };
    const [whole] = await read(engine, tokens, [{ site }], []);
    const before = bytes();
    const [part] = await read(engine, tokens, [{ site, ...selection }], []);
    assertSameNumbers(part, cut(ensureDefined(whole), site, selection), kind);
    if (kind === "attn.hook_pattern") assert.ok(bytes() > before, "a second session, which selects, was opened");
  }
});
