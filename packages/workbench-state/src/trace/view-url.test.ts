import assert from "node:assert/strict";
import { test } from "node:test";
import { SITE_KINDS, SITES } from "@patchbay/vocabulary";
import { decodeTraceView } from "./decode-view.ts";
import { encodeTraceView, tracePath } from "./encode-view.ts";
import { CABLE_COLOURS, nextCable, type Patch, type PatchOperation } from "./patch.ts";
import { readPatch, readPlace, writePatch, writePlace } from "./patch-notation.ts";
import { ERROR_MODES } from "./patch-site.ts";
import { COMPARISONS, FIRST_VIEW, LENS_MEASURES, TRACE_PANELS, type TraceView } from "./trace-view.ts";

/** A small seeded generator, so that a failure can be seen again. */
function randomSource(seed: number) {
  let state = seed;
  const next = () => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return state / 2 ** 31;
  };
  const whole = (end: number) => Math.floor(next() * end);
  const pick = <Value>(from: readonly Value[]): Value => from[whole(from.length)] as Value;
  const maybe = <Value>(make: () => Value): Value | undefined => (next() < 0.5 ? undefined : make());
  return { next, whole, pick, maybe };
}

const TEXTS = [
  "",
  " L",
  "#",
  "##a",
  "#12",
  "a b",
  "é😀 ⟨s⟩",
  "x&y=z?#%",
  "two\nlines\t",
  "a:b,c[1]+",
  "  ",
  "%zz",
  "¤",
];

function randomView(seed: number): TraceView {
  const { next, whole, pick, maybe } = randomSource(seed);
  const token = () => pick<string | number>([7, 31999, " L", "#", "#12", "é😀", "\n", "a:b,+"]);
  const patches: Patch[] = [];
  for (let count = whole(9); count > 0; count--) {
    const kind = pick(SITE_KINDS);
    const value = pick([0, -4, 0.1, -1e-9, 1e21, 12345.678]);
    const operation = pick<PatchOperation>([
      { op: "set", value, unit: pick(["absolute", "maximum"]) },
      { op: "add", value },
      { op: "scale", value },
      { op: "zero" },
      { op: "mean" },
      { op: "replace", text: pick(TEXTS) },
    ]);
    patches.push({
      cable: nextCable(patches),
      site: SITES[kind].stage === "block" ? { kind, layer: whole(48) } : { kind },
      units: maybe(() => Array.from({ length: 1 + whole(3) }, () => whole(9999))),
      operation,
      positions: pick(["all", "last", "generated", [0], [3, 17, 255]]),
      muted: next() < 0.3,
    });
  }
  for (let count = whole(4); count > 0; count--) {
    const value = pick([0, -4, 0.1, -1e-9]);
    const dictionary = pick(["transcoder-2", "a.b_c-1", "drop", "L2"]);
    const operation = pick<PatchOperation>([
      { op: "set", value, unit: pick(["absolute", "maximum"]) },
      { op: "add", value },
      { op: "scale", value },
      { op: "zero" },
      { op: "splice" },
    ]);
    patches.push({
      cable: nextCable(patches),
      site: { dictionary, layer: whole(48), error: pick(ERROR_MODES) },
      units: operation.op === "splice" ? undefined : [whole(9999)],
      operation,
      positions: pick(["all", "last", "generated", [3, 17]]),
      muted: next() < 0.3,
    });
    patches.push({
      cable: nextCable(patches),
      site: { kind: "hook_resid_post", layer: whole(48) },
      units: undefined,
      operation: { op: "steer", value, dictionary, feature: whole(9999) },
      positions: pick(["all", [3, 17]]),
      muted: false,
    });
  }
  return {
    model: maybe(() => pick(["stories-15m", "a.b_c-1"])),
    prompt: pick(TEXTS),
    prependBos: pick([undefined, true, false]),
    patches,
    panel: pick(TRACE_PANELS),
    measure: pick(LENS_MEASURES),
    compare: pick(COMPARISONS),
    norm: pick(["final", "none"]),
    selected: { depth: pick(["embed", "last", 0, 11]), position: pick([-1, 0, 255]) },
    pinned: maybe(token),
    minus: maybe(token),
    head: maybe(() => ({ layer: whole(12), head: whole(12) })),
    attentionForm: pick(["matrix", "arcs"]),
    dictionaries: pick([undefined, "none", "transcoders", "a.b_c-1"]),
    feature: pick([undefined, { dictionary: "transcoder-2", feature: 4607 }]),
    sampling: {
      maxTokens: pick([24, 1, 400]),
      temperature: pick([0, 0.8, 10]),
      topP: pick([undefined, 0.9, 1]),
      topK: pick([undefined, 40]),
      seed: pick([0, 123]),
    },
  };
}

test("five hundred random views survive the address bar unchanged and without notices", () => {
  for (let seed = 1; seed <= 500; seed++) {
    const view = randomView(seed);
    // The browser's own parser and writer stand between: what it changes must not matter.
    const { search } = new URL(`http://x/${encodeTraceView(view)}`);
    assert.deepEqual(decodeTraceView(search), { view, notices: [] }, `seed ${seed}: ${search}`);
  }
});

test("the first view is its prompt alone, and an empty address is the first view", () => {
  assert.equal(tracePath({}), "/?prompt=One+day,+Tom+and+Lily+went+to+the+park.+Tom+gave+a+ball+to");
  assert.deepEqual(decodeTraceView(""), { view: FIRST_VIEW, notices: [] });
});

test("a patch in the address can be read by people", () => {
  const patch = readPatch("orange:L5.mlp.post[732]:set:-4:all");
  assert.deepEqual(patch?.site, { kind: "mlp.hook_post", layer: 5 });
  assert.ok(patch !== undefined);
  assert.ok(
    tracePath({ prompt: "a", patches: [patch] }).endsWith("?prompt=a&patch=orange:L5.mlp.post[732]:set:-4:all"),
  );
});

test("a feature's patch names its dictionary, and what becomes of the error only where it is not kept", () => {
  const kept = readPatch("violet:L2@transcoder-2[45]:set:1max:all");
  assert.deepEqual(kept?.site, { dictionary: "transcoder-2", layer: 2, error: "keep" });
  assert.deepEqual(kept?.operation, { op: "set", value: 1, unit: "maximum" });
  assert.deepEqual(readPatch("red:L2@t.c_2:splice:all:drop")?.site, { dictionary: "t.c_2", layer: 2, error: "drop" });
  const garbage = [
    "red:L2@:zero:all",
    "red:@t[1]:zero:all",
    "red:L2@t[1]:mean:all",
    "red:L2@t[1]:replace:all:x",
    "red:L2@t[1]:zero:all:lose",
    "red:L2.resid_post:splice:all",
    "red:L2.resid_post:zero:all:drop",
    "red:L2.resid_post:steer:4:all",
    "red:L2.resid_post:steer:4max:all:t[1]",
  ];
  for (const text of garbage) assert.equal(readPatch(text), undefined, text);
});

test("addresses written before there were dictionaries still mean the same", () => {
  const { view, notices } = decodeTraceView(
    "?prompt=a+b&view=attention&at=L3:4&patch=orange:L5.mlp.post[732]:set:-4:all&patch=!teal:L4.attn.z[2]:zero:last",
  );
  assert.deepEqual(notices, []);
  assert.deepEqual([view.dictionaries, view.feature], [undefined, undefined]);
  assert.deepEqual(
    view.patches.map(({ site, muted }) => [site, muted]),
    [
      [{ kind: "mlp.hook_post", layer: 5 }, false],
      [{ kind: "attn.hook_z", layer: 4 }, true],
    ],
  );
});

test("every site has a place of its own, and back", () => {
  const places = SITE_KINDS.map((kind) => {
    const site = SITES[kind].stage === "block" ? { kind, layer: 3 } : { kind };
    assert.deepEqual(readPlace(writePlace(site)), site);
    return writePlace(site);
  });
  assert.equal(new Set(places).size, SITE_KINDS.length);
});

test("garbage becomes defaults, each with a notice", () => {
  const garbage = [
    "model=../../etc",
    "bos=maybe",
    "view=soup",
    "measure=1",
    "compare=",
    "norm=x",
    "at=L5",
    "at=L5:x",
    "pin=",
    "pin=%23x",
    "head=3.4",
    "form=cube",
    "sampling=tokens:-1",
    "sampling=tokens:1.5",
    "sampling=heat:3",
    "patch=",
    "patch=orange",
    "patch=pink:L1.resid_post:zero:all",
    "patch=orange:L1.nothing:zero:all",
    "patch=orange:L1.mlp.post[]:zero:all",
    "patch=orange:L1.mlp.post[1,,2]:zero:all",
    "patch=orange:embed:set::all",
    "patch=orange:L1.mlp.post:set:NaN:all",
    "patch=orange:L1.mlp.post:set:1e999:all",
    "patch=orange:L1.mlp.post:add:2max:all",
    "patch=orange:L1.mlp.post:zero:all:more",
    "patch=orange:resid_post:zero:all",
    "patch=orange:L1.embed:zero:all",
    "patch=orange:L1.mlp.post:replace:all",
    "patch=orange:L1.mlp.post:set:1:sometimes",
  ];
  for (const search of garbage) {
    const { view, notices } = decodeTraceView(`?${search}`);
    assert.deepEqual(view, FIRST_VIEW, search);
    assert.equal(notices.length, 1, search);
  }
});

test("good fields stand beside bad ones", () => {
  const { view, notices } = decodeTraceView("?prompt=Hi&view=soup&patch=teal:L4.attn.z[2]:zero:last&patch=x");
  assert.equal(view.prompt, "Hi");
  assert.equal(view.patches.length, 1);
  assert.equal(notices.length, 2);
});

test("two patches cannot share a cable", () => {
  const patch = "teal:L4.attn.z[2]:zero:last";
  const { view, notices } = decodeTraceView(`?patch=${patch}&patch=${patch}`);
  assert.equal(view.patches.length, 1);
  assert.match(notices[0] ?? "", /teal/);
});

test("cables are unique however many there are", () => {
  const patches: { cable: string }[] = [];
  for (let i = 0; i < 20; i++) patches.push({ cable: nextCable(patches) });
  assert.equal(new Set(patches.map(({ cable }) => cable)).size, 20);
  assert.deepEqual(
    patches.slice(0, 6).map(({ cable }) => cable),
    [...CABLE_COLOURS],
  );
  for (const { cable } of patches) {
    assert.equal(readPatch(`${cable}:embed:zero:all`)?.cable, cable);
  }
});

test("a text with colons stays whole", () => {
  const patch = readPatch("gold:L3.resid_post:replace:5,6:Ben: and, Sue");
  assert.ok(patch !== undefined);
  assert.deepEqual(patch.operation, { op: "replace", text: "Ben: and, Sue" });
  assert.equal(writePatch(patch), "gold:L3.resid_post:replace:5,6:Ben: and, Sue");
});
