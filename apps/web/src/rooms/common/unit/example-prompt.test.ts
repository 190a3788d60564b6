import assert from "node:assert/strict";
import { test } from "node:test";
import { examplePrompt } from "./example-prompt.ts";

const tokens = (...texts: string[]) => texts.map((text, id) => ({ id, text }));

test("a window at the beginning of its text keeps the positions", () => {
  const example = { tokens: tokens("<s>", " One", " day", ","), start: 0, peak: 2 };
  assert.deepEqual(examplePrompt(example, { prependBos: true }), { prompt: "One day,", position: 2, cut: false });
});

test("a window from the middle begins anew after the model's BOS", () => {
  const example = { tokens: tokens(" gave", " a", " ball"), start: 40, peak: 42 };
  assert.deepEqual(examplePrompt(example, { prependBos: true }), { prompt: "gave a ball", position: 3, cut: true });
});

test("without BOS the text stays as it is", () => {
  const example = { tokens: tokens(" gave", " a"), start: 7, peak: 8 };
  assert.deepEqual(examplePrompt(example, { prependBos: false }), { prompt: " gave a", position: 1, cut: true });
});
