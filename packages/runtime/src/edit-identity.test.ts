/** Edits that must change nothing, and edits that must change something, at every writable site. */
import assert from "node:assert/strict";
import { type Engine, type SiteEdit, siteKindsOf } from "@patchbay/transformer";
import { describeSite, ensureDefined, nameOf, type Site, type Tensor } from "@patchbay/vocabulary";
import { type ModelUnderTest, testEachModel } from "./testing/each-model.ts";
import {
  assertSameNumbers,
  editOf,
  indices,
  logitsOf,
  type Observation,
  observe,
  relativeError,
  sitesOf,
} from "./testing/observe.ts";

/** Float32 rounding, carried through the rest of the model. */
const ROUNDING = 5e-6;

function writableSites({ engine }: ModelUnderTest): Site[] {
  return sitesOf(engine.model.shape).filter(({ kind }) => describeSite(kind).writable);
}

testEachModel("an empty list of edits is bit-identical to none", async ({ engine, tokens }) => {
  const bare = await engine.forward({ tokens });
  const empty = await engine.forward({ tokens, edits: [], reads: [] });
  assert.deepEqual(new Uint8Array(empty.residual.data.buffer), new Uint8Array(bare.residual.data.buffer));
  assertSameNumbers(await logitsOf(engine, tokens, []), await logitsOf(engine, tokens), "logits");
});

testEachModel("reading changes nothing", async ({ engine, tokens }) => {
  const bare = await engine.forward({ tokens });
  const reads = sitesOf(engine.model.shape).filter(
    ({ kind }) => describeSite(kind).stage !== "unembed" && kind !== "attn.hook_result",
  );
  const read = await engine.forward({ tokens, reads: reads.map((site) => ({ site })) });
  assertSameNumbers(read.residual, bare.residual, "residual");
});

testEachModel("scale by 1 and add 0 leave every number as it was", async (model) => {
  const { engine, tokens } = model;
  const readable = await observe(engine, tokens);
  for (const neutral of [{ scale: 1 }, { scale: 1, units: [0] }] as const) {
    const sites = writableSites(model).filter(({ kind }) => kind !== "attn.hook_result");
    const writable = await observe(engine, tokens, { edits: sites.map((site) => editOf(site, neutral)) });
    for (const [name, value] of readable.sites) assertSameNumbers(writable.sites.get(name), value, name);
    assertSameNumbers(writable.logits, readable.logits, "logits");
  }
  const perHead = await observe(engine, tokens, { perHead: true });
  const results = writableSites(model).filter(({ kind }) => kind === "attn.hook_result");
  const edited = await observe(engine, tokens, { perHead: true, edits: results.map((site) => editOf(site, {})) });
  for (const [name, value] of perHead.sites) assertSameNumbers(edited.sites.get(name), value, `per head: ${name}`);
  assertSameNumbers(edited.logits, perHead.logits, "per head: logits");
});

testEachModel("every writable site set to its observed value changes nothing", async (model, t) => {
  const { engine } = model;
  const tokens = [ensureDefined(model.tokens[0])];
  const before = await observe(engine, tokens, { perHead: true });
  let largest = 0;
  for (const site of writableSites(model)) {
    const observed = ensureDefined(before.sites.get(nameOf(site)));
    const after = await logitsOf(engine, tokens, [editOf(site, { scale: 0, offset: positionMajor(observed) })]);
    const error = relativeError(after.data, before.logits.data);
    assert.ok(error < ROUNDING, `${nameOf(site)}: ${error}`);
    largest = Math.max(largest, error);
  }
  t.diagnostic(`largest relative error ${largest.toExponential(2)}`);
});

/** Edits take values as position × unit × dimension; patterns are stored by head. */
function positionMajor({ axes, shape, data }: Tensor): Float32Array {
  if (axes[1] !== "head") return data;
  const [, heads = 0, queries = 0, keys = 0] = shape;
  const result = new Float32Array(data.length);
  for (let head = 0; head < heads; head++) {
    for (let query = 0; query < queries; query++) {
      const from = (head * queries + query) * keys;
      result.set(data.subarray(from, from + keys), (query * heads + head) * keys);
    }
  }
  return result;
}

testEachModel(
  "+1 at one element of every writable site is read back, changes the logits, and nothing before it",
  async (model) => {
    const { engine } = model;
    const tokens = [ensureDefined(model.tokens[0])];
    const position = (tokens[0]?.length ?? 0) - 2;
    const before = await observe(engine, tokens, { perHead: true });
    for (const site of writableSites(model)) {
      const edit = editOf(site, { ...oneElement(engine, site), positions: [position], offset: 1 });
      const after = await observe(engine, tokens, { perHead: true, edits: [edit] });
      assertOneElementRose(before, after, site);
      for (const earlier of sitesBefore(engine, site)) {
        const name = nameOf(earlier);
        assertSameNumbers(after.sites.get(name), before.sites.get(name), `${name} under an edit of ${nameOf(site)}`);
      }
      const error = relativeError(after.logits.data, before.logits.data);
      assert.ok(error > 1e-6, `${nameOf(site)} has no effect: ${error}`);
      const end = position * engine.model.shape.vocabulary;
      const earlier = relativeError(after.logits.data.subarray(0, end), before.logits.data.subarray(0, end));
      assert.ok(earlier < ROUNDING, `${nameOf(site)} changes earlier positions by ${earlier}`);
    }
  },
);

/** One unit, and one dimension of it where the site has them. */
function oneElement(engine: Engine, { kind }: Site): Pick<SiteEdit, "units" | "dimensions"> {
  const { unitAxis, detailAxis } = describeSite(kind);
  const units = unitAxis === "norm" ? [0] : [engine.model.shape.keyValueHeads - 1];
  return { units, dimensions: detailAxis === undefined ? "all" : [1] };
}

function assertOneElementRose(before: Observation, after: Observation, site: Site): void {
  const [was, is] = [before, after].map(({ sites }) => ensureDefined(sites.get(nameOf(site))).data);
  const changed = indices(was?.length ?? 0).filter((i) => was?.[i] !== is?.[i]);
  assert.equal(changed.length, 1, `${nameOf(site)}: elements that changed`);
  const [i = 0] = changed;
  assert.equal(is?.[i], Math.fround((was?.[i] ?? 0) + 1), nameOf(site));
}

/** Sites computed before this one: an edit here must leave them alone. */
function sitesBefore({ model: { shape } }: Engine, site: Site): Site[] {
  const stages = ["embed", "block", "unembed"];
  const place = ({ kind, layer = 0 }: Site) => [
    stages.indexOf(describeSite(kind).stage),
    layer,
    siteKindsOf(shape).indexOf(kind),
  ];
  const own = place(site);
  return sitesOf(shape).filter((other) => {
    const theirs = place(other);
    const first = own.findIndex((value, i) => value !== theirs[i]);
    return first >= 0 && (theirs[first] ?? 0) < (own[first] ?? 0);
  });
}
