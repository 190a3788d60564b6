import assert from "node:assert/strict";
import { test } from "node:test";
import type { FrequencyAblation, FrequencyView } from "@patchbay/contract";
import { ablationRows, frequencyBars } from "./frequency-rows.ts";

test("the highest share fills the figure, and the marked frequency stands out", () => {
  const { bars, baseline, highest } = frequencyBars([0.1, 0.4, 0], [2], { width: 300, height: 100 });
  assert.equal(highest, 0.4);
  assert.deepEqual(
    bars.map(({ isMarked }) => isMarked),
    [false, true, false],
  );
  assert.equal(bars[1]?.height, baseline);
  assert.ok(Math.abs((bars[0]?.height ?? 0) - baseline / 4) < 1e-9);
  assert.ok(
    bars.every(
      ({ x, width, y, height }, i) =>
        x >= 100 * i && x + width <= 100 * (i + 1) + 1e-9 && Math.abs(y + height - baseline) < 1e-9,
    ),
  );
  assert.ok(frequencyBars([0, 0], [], { width: 10, height: 50 }).bars.every(({ height }) => height === 0));
});

test("sets come before single frequencies, and of those the costly ones", () => {
  const ablation = (kind: FrequencyAblation["kind"], frequencies: number[], loss: number): FrequencyAblation => ({
    at: "neurons",
    kind,
    frequencies,
    accuracy: 1,
    loss,
  });
  const ablations = [
    ablation("single", [1], 0.1),
    ablation("single", [2], 5),
    ablation("key", [2, 4], 9),
    ...Array.from({ length: 9 }, (_, i) => ablation("single", [i + 10], 0.2)),
  ];
  const rows = ablationRows({ baseline: { accuracy: 1, loss: 0 }, ablations } as unknown as FrequencyView);
  assert.deepEqual(
    rows.slice(0, 3).map(({ what }) => what),
    ["–", "the key frequencies 2, 4", "2 alone"],
  );
  assert.equal(rows.length, 10);
  assert.ok(rows.every(({ what }) => what !== "1 alone"));
});
