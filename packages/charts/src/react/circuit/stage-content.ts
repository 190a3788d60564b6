/** What a stage shows, and what is pointed at. */
import type { CircuitLayout } from "../../geometry/circuit/circuit-layout.ts";
import type { CircuitScene } from "../../geometry/circuit/circuit-scene.ts";

export interface StageContent {
  readonly scene: CircuitScene;
  readonly layout: CircuitLayout;
  readonly order: Uint32Array;
  readonly start: Uint32Array;
  readonly adjacency: { readonly start: Uint32Array; readonly edges: Uint32Array };
  readonly tokens: readonly string[];
  readonly layers: number;
  /** Errors' share of what enters each layer's row; null where nothing flows. */
  readonly errorShares: readonly (number | null)[];
  /** Text beside nodes that have one: targets, pinned and labelled nodes. */
  readonly labels: ReadonlyMap<number, string>;
}

export interface StageFocus {
  readonly hovered: number | undefined;
  readonly selected: number | undefined;
  readonly chosen: ReadonlySet<number>;
  readonly pinned: ReadonlySet<number>;
  /** Nodes that stand out although nothing points at them, such as those matched in another prompt. */
  readonly lit: ReadonlySet<number> | undefined;
  readonly rectangle:
    | { readonly x1: number; readonly y1: number; readonly x2: number; readonly y2: number }
    | undefined;
}

export const NO_FOCUS: StageFocus = {
  hovered: undefined,
  selected: undefined,
  chosen: new Set(),
  pinned: new Set(),
  lit: undefined,
  rectangle: undefined,
};

/** Gutters of the axes, CSS pixels. */
export const AXIS_ROOM = { left: 62, bottom: 42, top: 22 } as const;
