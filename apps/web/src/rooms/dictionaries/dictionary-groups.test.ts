import assert from "node:assert/strict";
import { test } from "node:test";
import type { DictionarySummary } from "@patchbay/contract";
import { comparablePair, groupDictionaries, offeredPairs } from "./dictionary-groups.ts";

function dictionary(name: string, set: string | null, layer: number): DictionarySummary {
  const site = `blocks.${layer}.hook_resid_post`;
  return {
    name,
    set,
    kind: "sae",
    description: null,
    layer,
    inputSite: site,
    outputSites: [site],
    inputWidth: 288,
    outputWidth: 288,
    features: 2304,
    activation: "topk(32)",
    skip: false,
    hash: "",
    bundled: false,
    licence: null,
    source: { format: "patchbay", address: null, notes: [] },
    quality: null,
  };
}

test("sets by name with their layers in numeric order, what stands alone last", () => {
  const groups = groupDictionaries([
    dictionary("alone", null, 0),
    dictionary("t-10", "b", 10),
    dictionary("t-2", "b", 2),
    dictionary("s", "a", 5),
  ]);
  assert.deepEqual(
    groups.map(({ set, dictionaries }) => [set, dictionaries.map(({ name }) => name)]),
    [
      ["a", ["s"]],
      ["b", ["t-2", "t-10"]],
      [null, ["alone"]],
    ],
  );
});

test("a filter needs all its words", () => {
  const all = [dictionary("sae-2", "x", 2), dictionary("sae-3", "y", 3)];
  assert.deepEqual(
    groupDictionaries(all, "SAE blocks.3").map(({ set }) => set),
    ["y"],
  );
  assert.equal(groupDictionaries(all, "sae transcoder").length, 0);
});

test("only dictionaries of the same site make a pair", () => {
  assert.equal(comparablePair([dictionary("a", null, 1), dictionary("b", null, 2)]), undefined);
  assert.deepEqual(comparablePair([dictionary("a", null, 1), dictionary("b", null, 2), dictionary("c", null, 2)]), [
    "b",
    "c",
  ]);
});

test("neighbours alike but for the seed are offered for comparing, one link a pair of seeds", () => {
  const relu = ["relu-a", "relu-b"].map((name) => ({ ...dictionary(name, "s", 3), activation: "relu" }));
  const topk = ["topk-a", "topk-b"].map((name) => dictionary(name, "s", 3));
  const wide = { ...dictionary("topk-wide", "s", 3), features: 9216 };
  assert.deepEqual(offeredPairs([...relu, ...topk, wide]), [
    ["relu-a", "relu-b"],
    ["topk-a", "topk-b"],
  ]);
  assert.deepEqual(offeredPairs([...topk.slice(0, 1), wide]), [["topk-a", "topk-wide"]]);
  assert.deepEqual(offeredPairs([dictionary("a", "mlp", 0), dictionary("b", "mlp", 1)]), []);
});
