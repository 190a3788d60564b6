import assert from "node:assert/strict";
import { test } from "node:test";
import { byFactor, withFactors } from "./any-prompt.ts";

const connection = (edge: number, weight: number) => ({ node: edge, edge, weight, share: Math.abs(weight) / 10 });

test("on any prompt the largest factor leads, whatever its sign and whatever this prompt made of it", () => {
  const connections = [connection(3, 5), connection(0, -4), connection(2, 3), connection(1, 1)];
  const rows = byFactor(withFactors(connections, [0.5, -2, null, null], ["direct", "L2H3", null, "direct"]));
  assert.deepEqual(
    rows.map(({ edge, factor, through }) => [edge, factor, through]),
    [
      [1, -2, "L2H3"],
      [0, 0.5, "direct"],
      [3, null, null],
      [2, null, null],
    ],
  );
  // A document has factors, but does not say which way they speak of.
  assert.deepEqual(withFactors([connection(0, 1)], [0.5], undefined)[0]?.through, null);
  assert.deepEqual(withFactors([connection(0, 1)], undefined, undefined)[0]?.factor, null);
});
