import assert from "node:assert/strict";
import { test } from "node:test";
import { UnitListQuery } from "@patchbay/contract";
import { listQueryOf, readSearchView, SEARCH_MODES, searchPath, sourcesOf } from "./search-view.ts";

const viewOf = (search: string) => {
  const parameters = new URLSearchParams(search);
  return readSearchView((name) => parameters.get(name) ?? undefined);
};

test("a search survives the address, with the space before its token", () => {
  const path = searchPath("m", { mode: "writes", token: " Lily", source: "transcoder-3", kind: "feature" });
  const view = viewOf(path.slice(path.indexOf("?")));
  assert.deepEqual(
    [view.mode, view.token, view.source, view.kind, view.sort],
    ["writes", " Lily", "transcoder-3", "feature", "relevance"],
  );
});

test("every list query is one of the contract's", () => {
  for (const mode of SEARCH_MODES) {
    const view = viewOf(`?mode=${mode}&token=+L&label=a&text=x&layer=2&from=0.001&to=0.2&dead=include&sort=density`);
    const query = listQueryOf(view);
    if (mode === "text") assert.equal(query, undefined);
    else assert.equal(UnitListQuery.safeParse(query).success, true, mode);
  }
});

test("the box of a mode is its own: a token does not filter a search by statistics", () => {
  assert.deepEqual(listQueryOf(viewOf("?token=+L&label=a")), { sort: "maximum", order: "descending" });
  assert.deepEqual(listQueryOf(viewOf("?mode=fires&token=%23365&label=a")), {
    fires: "#365",
    sort: "relevance",
    order: "descending",
  });
  assert.equal(listQueryOf(viewOf("?mode=reads")), undefined);
});

test("what the address cannot mean falls back", () => {
  const view = viewOf("?mode=smell&layer=-1&from=7&sort=shoe&kind=head");
  assert.deepEqual(
    [view.mode, view.layer, view.minimumDensity, view.sort, view.kind],
    ["statistics", undefined, undefined, "maximum", undefined],
  );
});

test("a text is searched in the sources that fit the filters", () => {
  const all = [
    { source: "blocks.1.mlp.hook_post", kind: "neuron", layer: 1 },
    { source: "blocks.2.mlp.hook_post", kind: "neuron", layer: 2 },
    { source: "transcoder-2", kind: "feature", layer: 2 },
  ] as const;
  assert.deepEqual(sourcesOf(viewOf("?layer=2"), all), ["blocks.2.mlp.hook_post", "transcoder-2"]);
  assert.deepEqual(sourcesOf(viewOf("?kind=feature"), all), ["transcoder-2"]);
  assert.deepEqual(sourcesOf(viewOf("?kind=feature&layer=1"), all), []);
});
