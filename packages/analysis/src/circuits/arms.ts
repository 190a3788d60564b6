/** What one run of an example ablates, as plain edits of sites. */
import type { CircuitNode } from "@patchbay/contract";
import type { SiteEdit } from "@patchbay/transformer";
import { ensureDefined } from "@patchbay/vocabulary";
import { resolvePosition } from "../run/positions.ts";
import type { SiteValues } from "./ablation-values.ts";
import { type AblatedSite, unitSelection } from "./universe.ts";

/** "keep": everything in the universe but these is ablated. "remove": only these are. */
export interface Arm {
  readonly mode: "keep" | "remove";
  readonly nodes: readonly CircuitNode[];
}

export interface Extent {
  readonly length: number;
  /** First position that is ablated at all: BOS has the same values in every text. */
  readonly first: number;
}

/** Positions of the prompt at which a node acts. @throws PatchbayError `position-out-of-range` */
export function nodePositions(node: CircuitNode, length: number): readonly number[] {
  if (node.kind === "token") return [resolvePosition(node.position, length, "position")];
  if (node.positions === undefined) return Array.from({ length }, (_, position) => position);
  return node.positions.map((position, i) => resolvePosition(position, length, `positions/${i}`));
}

/** Edits of one site for all arms, each a row of the batch. Rows that ablate the same share their edits. */
export function siteEdits(site: AblatedSite, values: SiteValues, arms: readonly Arm[], extent: Extent): SiteEdit[] {
  const rowsOf = new Map<string, { rows: number[]; units: number[]; positions: number[] }>();
  arms.forEach((arm, row) => {
    for (const { key, units, positions } of ablatedGroups(site, arm, extent)) {
      const group = rowsOf.get(key) ?? { rows: [], units, positions };
      rowsOf.set(key, group);
      group.rows.push(row);
    }
  });
  return [...rowsOf.values()].map(({ rows, units, positions }) => ({
    site: site.site,
    rows,
    positions,
    units: unitSelection(site, units),
    dimensions: "all",
    scale: 0,
    offset: offsetOf(site, values, units, positions),
  }));
}

/** Positions that ablate the same units, together. */
function ablatedGroups(site: AblatedSite, arm: Arm, { length, first }: Extent) {
  const groups = new Map<string, { units: number[]; positions: number[] }>();
  const chosen = chosenUnits(site, arm.nodes, length);
  const all = Array.from({ length: site.units }, (_, unit) => unit);
  for (let position = first; position < length; position++) {
    const here = chosen[position];
    if (here === undefined && arm.mode === "remove") continue;
    const units = here === undefined ? all : all.filter((unit) => here.has(unit) === (arm.mode === "remove"));
    if (units.length === 0) continue;
    const key = units === all ? "all" : units.join(",");
    const group = groups.get(key) ?? { units, positions: [] };
    groups.set(key, group);
    group.positions.push(position);
  }
  return [...groups].map(([key, group]) => ({ key: `${key}@${group.positions}`, ...group }));
}

/** By position: the units of the site that the nodes name. */
function chosenUnits(site: AblatedSite, nodes: readonly CircuitNode[], length: number): (Set<number> | undefined)[] {
  const chosen: (Set<number> | undefined)[] = [];
  for (const node of nodes) {
    const units = unitsOf(node, site);
    if (units.length === 0) continue;
    for (const position of nodePositions(node, length)) {
      const here = chosen[position] ?? new Set();
      chosen[position] = here;
      for (const unit of units) here.add(unit);
    }
  }
  return chosen;
}

function unitsOf(node: CircuitNode, { kind, layer, units }: AblatedSite): readonly number[] {
  if (node.kind === "token") return kind === "token" ? [0] : [];
  if (node.kind === "feature" || node.layer !== layer) return [];
  if (node.kind === "head") return kind === "head" ? [node.head] : [];
  if (node.kind === "neuron") return kind === "neuron" ? [node.neuron] : [];
  if (kind === "mlp") return [0];
  return kind === "neuron" ? Array.from({ length: units }, (_, unit) => unit) : [];
}

/** One number, or [unit × detail], or [position × unit × detail]. */
function offsetOf(
  { units: count, detail }: AblatedSite,
  values: SiteValues,
  units: readonly number[],
  positions: readonly number[],
): number | Float32Array {
  if (values.kind === "zero") return 0;
  const picked = (source: Float32Array, into: Float32Array, at: number) => {
    for (const [i, unit] of units.entries()) {
      into.set(source.subarray(unit * detail, (unit + 1) * detail), at + i * detail);
    }
  };
  const width = units.length * detail;
  if (values.kind === "pooled") {
    const offset = new Float32Array(width);
    picked(values.value, offset, 0);
    return offset;
  }
  const offset = new Float32Array(positions.length * width);
  positions.forEach((position, i) => {
    const start = position * count * detail;
    picked(ensureDefined(values.values).subarray(start, start + count * detail), offset, i * width);
  });
  return offset;
}
