/**
 * Colour scales of cells. Sequential: from paper to ink blue, falling lightness in CIELAB. Diverging: orange, paper, blue,
 * which every common colour deficiency keeps apart. Each comes with the colour of text that is readable on it.
 */
import { interpolateLab, lab, piecewise } from "d3";

export type ThemeName = "light" | "dark";

export interface ColourScale {
  readonly domain: readonly [number, number];
  /** CSS colours from the lower to the upper end of the domain. */
  readonly colours: readonly string[];
  /** Text colours, one for each of `colours`. */
  readonly inks: readonly string[];
  /** Index into `colours`, or -1 where there is no value. */
  index(value: number): number;
}

const STEPS = 128;

const SEQUENTIAL: Readonly<Record<ThemeName, readonly string[]>> = {
  light: ["#f5f3ed", "#dce3ee", "#b2c3e0", "#7d9acd", "#4269b2"],
  dark: ["#191b20", "#1e2a44", "#294072", "#3a5da0", "#5c86d2"],
};

const DIVERGING: Readonly<Record<ThemeName, readonly string[]>> = {
  light: ["#b0541c", "#d98f5a", "#f1d2b8", "#f5f3ed", "#c6d2e7", "#7d9acd", "#2f58a6"],
  dark: ["#f2a860", "#a8682f", "#503521", "#191b20", "#22345a", "#3b60a8", "#84adf8"],
};

const INKS: Readonly<Record<ThemeName, { readonly dark: string; readonly light: string }>> = {
  light: { dark: "#1b1c20", light: "#ffffff" },
  dark: { dark: "#0c0d10", light: "#eceae4" },
};

export function sequentialScale(theme: ThemeName, domain: readonly [number, number]): ColourScale {
  return makeScale(theme, SEQUENTIAL[theme], domain);
}

/** Symmetric about zero: `extent` is the magnitude at both ends. */
export function divergingScale(theme: ThemeName, extent: number): ColourScale {
  return makeScale(theme, DIVERGING[theme], [-extent, extent]);
}

/** For the colours in the middle, on which the theme's own inks are too faint. One of the two always reaches 4.5. */
const EXTREMES = ["#000000", "#ffffff"] as const;
const READABLE = 4.5;

function readableInk(colour: string, inks: readonly string[]): string | undefined {
  const [best] = inks.toSorted((a, b) => contrast(colour, b) - contrast(colour, a));
  return best !== undefined && contrast(colour, best) >= READABLE ? best : undefined;
}

function makeScale(theme: ThemeName, stops: readonly string[], domain: readonly [number, number]): ColourScale {
  const at = piecewise(interpolateLab, [...stops]);
  const colours = Array.from({ length: STEPS }, (_, i) => at(i / (STEPS - 1)));
  const { dark, light } = INKS[theme];
  const inks = colours.map((colour) => readableInk(colour, [dark, light]) ?? readableInk(colour, EXTREMES) ?? dark);
  const [low, high] = domain;
  const span = high - low || 1;
  return {
    domain,
    colours,
    inks,
    index: (value) =>
      Number.isNaN(value) ? -1 : Math.max(0, Math.min(STEPS - 1, Math.round(((value - low) / span) * (STEPS - 1)))),
  };
}

/** WCAG contrast ratio, from CIELAB lightness (its luminance is exactly Y). */
export function contrast(one: string, other: string): number {
  const [bright, dim] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return ((bright ?? 0) + 0.05) / ((dim ?? 0) + 0.05);
}

function luminance(colour: string): number {
  const lightness = lab(colour).l;
  return lightness > 8 ? ((lightness + 16) / 116) ** 3 : lightness / 903.3;
}
