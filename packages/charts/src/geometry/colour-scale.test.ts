import assert from "node:assert/strict";
import { test } from "node:test";
import { lab } from "d3";
import { contrast, divergingScale, sequentialScale, type ThemeName } from "./colour-scale.ts";

const THEMES: readonly ThemeName[] = ["light", "dark"];

test("lightness is monotone along a sequential scale: falling on paper, rising in the dark", () => {
  for (const theme of THEMES) {
    const lightness = sequentialScale(theme, [0, 1]).colours.map((colour) => lab(colour).l);
    const sign = theme === "light" ? -1 : 1;
    for (let i = 1; i < lightness.length; i++) {
      assert.ok(sign * ((lightness[i] ?? 0) - (lightness[i - 1] ?? 0)) > -0.3, `${theme} ${i}`);
    }
  }
});

test("text is readable on every colour of every scale", () => {
  for (const theme of THEMES) {
    for (const scale of [sequentialScale(theme, [0, 1]), divergingScale(theme, 1)]) {
      scale.colours.forEach((colour, i) => {
        assert.ok(contrast(colour, scale.inks[i] ?? "") >= 4.5, `${theme} ${i} ${colour}`);
      });
    }
  }
});

test("values outside the domain take its ends; no value has no colour", () => {
  const scale = sequentialScale("light", [0, 2]);
  assert.equal(scale.index(-5), 0);
  assert.equal(scale.index(99), scale.colours.length - 1);
  assert.equal(scale.index(Number.NaN), -1);
});

test("a diverging scale has paper in its middle and mirrors lightness", () => {
  const { colours } = divergingScale("light", 3);
  const lightness = (i: number) => lab(colours[i] ?? "").l;
  assert.ok(lightness(64) > 90);
  assert.ok(Math.abs(lightness(0) - lightness(colours.length - 1)) < 12);
});

test("contrast agrees with WCAG on black and white", () => {
  assert.ok(Math.abs(contrast("#000000", "#ffffff") - 21) < 0.05);
});
