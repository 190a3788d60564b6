import assert from "node:assert/strict";
import { test } from "node:test";
import type { DictionarySummary } from "@patchbay/contract";
import { chosenDictionaries, dictionaryAt, dictionaryChoices } from "./dictionary-choice.ts";

const dictionary = (name: string, set: string | null, site: string): DictionarySummary =>
  ({ name, set, layer: Number(/\d+/.exec(site)?.[0]), outputSites: [site] }) as unknown as DictionarySummary;

const ALL = [
  dictionary("sae-b", "seeds", "blocks.3.hook_resid_post"),
  dictionary("sae-a", "seeds", "blocks.3.hook_resid_post"),
  dictionary("t-1", "transcoders", "blocks.1.hook_mlp_out"),
  dictionary("t-0", "transcoders", "blocks.0.hook_mlp_out"),
  dictionary("pre", null, "blocks.2.hook_resid_pre"),
];

test("a set with one a layer is one choice; seeds at the same layer are chosen one by one", () => {
  const choices = dictionaryChoices(ALL);
  assert.deepEqual(
    choices.map(({ value, isSet }) => [value, isSet]),
    [
      ["transcoders", true],
      ["t-0", false],
      ["pre", false],
      ["t-1", false],
      ["sae-a", false],
      ["sae-b", false],
    ],
  );
});

test("without a word in the address the first set speaks, each member at its layer", () => {
  const choice = chosenDictionaries(dictionaryChoices(ALL), undefined);
  assert.equal(dictionaryAt(choice, 1)?.name, "t-1");
  assert.equal(dictionaryAt(choice, 3), undefined);
  assert.equal(dictionaryAt(choice, undefined), undefined);
});

test("what reads before a block stands at the row below it", () => {
  const choice = chosenDictionaries(dictionaryChoices(ALL), "pre");
  assert.equal(dictionaryAt(choice, 1)?.name, "pre");
});

test("none, and a name that is not installed, choose nothing", () => {
  for (const wanted of ["none", "gone"]) assert.equal(chosenDictionaries(dictionaryChoices(ALL), wanted), undefined);
  assert.equal(chosenDictionaries([], undefined), undefined);
});
