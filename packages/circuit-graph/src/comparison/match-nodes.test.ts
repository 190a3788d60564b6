import assert from "node:assert/strict";
import { test } from "node:test";
import type { CircuitGraph } from "../circuit-graph.ts";
import { circuitGraph, circuitNode } from "../testing/fixtures.ts";
import { alignTokens } from "./align-tokens.ts";
import { matchNodes } from "./match-nodes.ts";

test("tokens align by least edits", () => {
  const align = (a: string, b: string) => [...alignTokens([...a], [...b])];
  assert.deepEqual(align("abc", "axc"), [0, 1, 2]);
  assert.deepEqual(align("abcd", "bcd"), [-1, 0, 1, 2]);
  assert.deepEqual(align("bcd", "abcd"), [1, 2, 3]);
  // Three substitutions are less than two deletions and two insertions.
  assert.deepEqual(align("1rs", "pq1"), [0, 1, 2]);
  assert.deepEqual(align("abc", ""), [-1, -1, -1]);
});

const prompt = (texts: readonly string[], members: Partial<CircuitGraph>): CircuitGraph => ({
  ...circuitGraph([], []),
  ...members,
  tokens: texts.map((text) => ({ id: null, text })),
});
const unit = (id: string, number: number, position: number, dictionary = "mlp-0") =>
  circuitNode("feature", id, { unit: number, position, dictionary });

test("the same features match at aligned positions, then elsewhere; one to one", () => {
  const a = prompt(["The", " cat", " sat"], {
    nodes: [
      circuitNode("token", "t0", { position: 0 }),
      circuitNode("token", "t1", { position: 1 }),
      unit("aligned", 1, 2),
      unit("moved", 2, 1),
      unit("twice", 3, 1),
      unit("alone", 4, 1),
      unit("foreign", 5, 1, "other"),
      circuitNode("error", "e", { position: 2 }),
      circuitNode("logit", "l", { label: " on", layer: 2, position: 2 }),
    ],
  });
  const b = prompt(["So", "The", " dog", " sat"], {
    nodes: [
      circuitNode("logit", "l", { label: " on", layer: 2, position: 3 }),
      circuitNode("error", "e", { position: 3 }),
      unit("aligned", 1, 3),
      unit("moved", 2, 3),
      unit("twice far", 3, 0),
      unit("twice near", 3, 3),
      unit("foreign", 5, 2),
      circuitNode("token", "t1", { position: 1 }),
      circuitNode("token", "t2", { position: 2 }),
    ],
  });
  const { matches, positions } = matchNodes(a, b);
  assert.deepEqual([...positions], [1, 2, 3]);
  assert.deepEqual(
    matches.map((match) => [a.nodes[match.a]?.id, b.nodes[match.b]?.id, match.how]),
    [
      ["t0", "t1", "aligned"],
      ["aligned", "aligned", "aligned"],
      ["moved", "moved", "moved"],
      ["twice", "twice near", "moved"],
      ["e", "e", "aligned"],
      ["l", "l", "aligned"],
    ],
  );
});

test("shares of matched influence, of each graph", () => {
  const make = (other: number) =>
    prompt(["x"], {
      ...circuitGraph(
        [
          circuitNode("token", "t"),
          unit("same", 1, 0),
          unit("own", other, 0),
          circuitNode("logit", "l", { label: "y" }),
        ],
        [
          [0, 1, 1],
          [1, 3, 3],
          [2, 3, -1],
        ],
      ),
    });
  // Influence: token 3/4, same 3/4, own 1/4.
  const { sharedInfluence } = matchNodes(make(7), make(8));
  assert.deepEqual(sharedInfluence, { a: 1.5 / 1.75, b: 1.5 / 1.75 });
  assert.equal(matchNodes(make(7), circuitGraph([], [])).sharedInfluence.b, null);
});
