import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRoute } from "@patchbay/workbench-state";
import { address, dictionaryAddresses } from "./dictionary-address.ts";

test("the default model's addresses are bare, another model's name goes along", () => {
  assert.equal(dictionaryAddresses(undefined).list(), "/dictionaries");
  assert.equal(dictionaryAddresses("gpt2").feature("sae-l2", 17), "/dictionaries/sae-l2/features/17?model=gpt2");
});

test("what is undefined is left out, and the path leads back to the room", () => {
  const compare = dictionaryAddresses(undefined).compare("a", undefined);
  assert.equal(compare, "/dictionaries/compare?left=a");
  const [path = ""] = dictionaryAddresses("m").page("sae.2", "dark-matter", { job: "j1" }).split("?");
  assert.deepEqual(parseRoute(path), { room: "dictionary", dictionary: "sae.2", part: "dark-matter" });
});

test("parts are escaped", () => {
  assert.equal(address("/search", { source: "a&b" }), "/search?source=a%26b");
});
