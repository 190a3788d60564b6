import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRoute, pathOfRoute, type Route } from "./route.ts";

const ROUTES: readonly Route[] = [
  { room: "trace" },
  { room: "atlas", model: "stories-15m" },
  { room: "neuron", model: "a b/c", layer: 11, neuron: 3071 },
  { room: "search" },
  { room: "dictionaries" },
  { room: "dictionary-comparison" },
  { room: "dictionary-training" },
  { room: "dictionary", dictionary: "transcoder-2.b_c", part: "overview" },
  { room: "dictionary", dictionary: "sae-l2", part: "dark-matter" },
  { room: "dictionary", dictionary: "sae-l2", part: "rewriting" },
  { room: "feature", dictionary: "transcoder-2.b_c", feature: 4607 },
  { room: "decompose", part: "tokens" },
  { room: "decompose", part: "observables" },
  { room: "decompose", part: "facts" },
  { room: "decompose", part: "circuits" },
  { room: "circuit", id: "a b/c" },
  { room: "findings" },
  { room: "finding", id: "k3x9" },
  { room: "models" },
  { room: "jobs" },
  { room: "api" },
];

test("every route survives the way to its path and back", () => {
  for (const route of ROUTES) assert.deepEqual(parseRoute(pathOfRoute(route)), route);
});

test("a trailing slash changes nothing", () => {
  assert.deepEqual(parseRoute("/findings/"), { room: "findings" });
  assert.deepEqual(parseRoute("/m/x/L1/N2/"), { room: "neuron", model: "x", layer: 1, neuron: 2 });
});

test("an unknown path is named, not guessed", () => {
  for (const pathname of [
    "/nothing",
    "/m/x",
    "/m/x/L1/Nx",
    "/s/",
    "/s/a/b",
    "/dictionaries/x/features/y",
    "/dictionaries/x/y",
  ]) {
    assert.deepEqual(parseRoute(pathname), { room: "unknown", pathname });
  }
});

test("a broken percent escape is kept as typed", () => {
  assert.deepEqual(parseRoute("/s/%zz"), { room: "finding", id: "%zz" });
});
