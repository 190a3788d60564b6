import assert from "node:assert/strict";
import { test } from "node:test";
import { tokenAlignment } from "./token-alignment.ts";

test("partners share a column, tokens without one have their own, crossing partners are slanted", () => {
  const { clean, corrupted, links, width } = tokenAlignment(
    ["a", "bb", "c"],
    ["a", "c", "ddd"],
    [
      [2, 1],
      [0, 0],
    ],
  );
  assert.equal(clean[0]?.x, corrupted[0]?.x);
  assert.equal(clean[2]?.x, corrupted[1]?.x);
  assert.ok((clean[1]?.x ?? 0) > (clean[0]?.x ?? 0) && (clean[1]?.x ?? 0) < (clean[2]?.x ?? 0));
  assert.ok((corrupted[2]?.x ?? 0) > (clean[2]?.x ?? 0));
  assert.ok(links.every(({ straight }) => straight));
  assert.equal(width, (corrupted[2]?.x ?? 0) + (corrupted[2]?.width ?? 0));

  const crossing = tokenAlignment(
    ["a", "b", "c"],
    ["b", "c", "a"],
    [
      [0, 2],
      [1, 0],
      [2, 1],
    ],
  );
  assert.deepEqual(
    crossing.links.map(({ straight }) => straight),
    [false, true, true],
  );
  assert.equal(tokenAlignment(["a"], ["b"], [[0, 4]]).links.length, 0);
  assert.equal(tokenAlignment([], [], []).width, 0);
});
