/** Turns edits and reads of one stage into the packed inputs of its writable graph. */
import {
  axisLengthOf,
  EDIT_INPUTS,
  type ModelShape,
  SELECTION_INPUTS,
  type SiteEdit,
  type SiteRead,
  siteKindsOfStage,
  sitesOfRank,
} from "@patchbay/transformer";
import { type AxisName, describeSite, ensureDefined, type SiteKind } from "@patchbay/vocabulary";
import { float32Tensor, int64Tensor, type RuntimeTensor } from "./onnx-runtime.ts";

/** Which part of the sequence a stage computes: entry i of its position axis stands at `positions[i]`. */
export interface Window {
  readonly batch: number;
  readonly positions: readonly number[];
  /** Positions visible as keys: those cached and those of the window. */
  readonly keys: number;
}

export type StageKind = "embed" | "block" | "unembed";

export function editFeeds(
  shape: ModelShape,
  stage: StageKind,
  perHead: boolean,
  edits: readonly SiteEdit[],
  window: Window,
): Record<string, RuntimeTensor> {
  const feeds: Record<string, RuntimeTensor> = {};
  const kinds = siteKindsOfStage(shape, stage, perHead);
  for (const rank of [3, 4] as const) {
    const ranked = sitesOfRank(kinds, rank);
    if (ranked.length === 0) continue;
    const pieces = ranked.map((kind) => elementEdits(shape, kind, edits.filter((edit) => edit.site.kind === kind), window));
    const total = pieces.reduce((sum, piece) => sum + piece.scale.length, 0);
    const names = EDIT_INPUTS[rank];
    feeds[names.lengths] = int64Tensor(pieces.map((piece) => piece.scale.length), [ranked.length]);
    feeds[names.index] = int64Tensor(pieces.flatMap((piece) => piece.index), [total, rank]);
    feeds[names.scale] = float32Tensor(Float32Array.from(pieces.flatMap((piece) => piece.scale)), [total]);
    feeds[names.offset] = float32Tensor(Float32Array.from(pieces.flatMap((piece) => piece.offset)), [total]);
  }
  return feeds;
}

export function selectionFeeds(
  shape: ModelShape,
  stage: StageKind,
  perHead: boolean,
  reads: readonly SiteRead[],
  window: Window,
): Record<string, RuntimeTensor> {
  const selections = siteKindsOfStage(shape, stage, perHead).map((kind) => {
    const read = reads.find(({ site }) => site.kind === kind);
    if (read === undefined) return { positions: [], units: [] };
    const unitCount = axisLengthOf(shape, describeSite(kind).unitAxis) ?? 0;
    return {
      positions: (read.positions ?? window.positions).map((position) => window.positions.indexOf(position)),
      units: read.units ?? range(unitCount),
    };
  });
  const positions = selections.flatMap((selection) => selection.positions);
  const units = selections.flatMap((selection) => selection.units);
  return {
    [SELECTION_INPUTS.positions]: int64Tensor(positions, [positions.length]),
    [SELECTION_INPUTS.positionLengths]: int64Tensor(selections.map((s) => s.positions.length), [selections.length]),
    [SELECTION_INPUTS.units]: int64Tensor(units, [units.length]),
    [SELECTION_INPUTS.unitLengths]: int64Tensor(selections.map((s) => s.units.length), [selections.length]),
  };
}

interface ElementEdits {
  /** Full element indices, flattened: [element][axis]. */
  readonly index: number[];
  readonly scale: number[];
  readonly offset: number[];
}

/**
 * The edits of one site as a list of distinct elements with one scale and one offset each. Two edits of the same element
 * compose in order: (a·s₁ + o₁)·s₂ + o₂.
 */
function elementEdits(shape: ModelShape, kind: SiteKind, edits: readonly SiteEdit[], window: Window): ElementEdits {
  const result: ElementEdits = { index: [], scale: [], offset: [] };
  const { axes, positionAxis, unitAxis, detailAxis } = describeSite(kind);
  const lengths = axes.map((axis) => windowLength(shape, axis, window));
  const slots = edits.length > 1 ? new Map<number, number>() : undefined;

  for (const edit of edits) {
    const positions = windowPositions(edit, window);
    const rows = edit.rows === "all" ? range(window.batch) : edit.rows;
    const units = edit.units === "all" ? range(lengths[axes.indexOf(unitAxis)] ?? 0) : edit.units;
    const details =
      detailAxis === undefined
        ? [0]
        : edit.dimensions === "all"
          ? range(lengths[axes.indexOf(detailAxis)] ?? 0)
          : edit.dimensions.filter((dimension) => detailAxis !== "key" || dimension < window.keys);
    const offsetOf = offsetReader(edit, units.length * details.length);

    for (const row of rows) {
      for (const { local, ordinal } of positions) {
        units.forEach((unit, u) => {
          details.forEach((detail, d) => {
            const place: Partial<Record<AxisName, number>> = { batch: row, [positionAxis]: local, [unitAxis]: unit };
            if (detailAxis !== undefined) place[detailAxis] = detail;
            const element = axes.map((axis) => ensureDefined(place[axis], axis));
            const offset = offsetOf(ordinal, u * details.length + d);
            const slot = slots?.get(flatIndex(element, lengths));
            if (slot !== undefined) {
              result.scale[slot] = (result.scale[slot] ?? 1) * edit.scale;
              result.offset[slot] = (result.offset[slot] ?? 0) * edit.scale + offset;
              return;
            }
            slots?.set(flatIndex(element, lengths), result.scale.length);
            result.index.push(...element);
            result.scale.push(edit.scale);
            result.offset.push(offset);
          });
        });
      }
    }
  }
  return result;
}

/** The edit's positions that lie in the window; `ordinal` counts within the edit's own list. */
function windowPositions(edit: SiteEdit, { positions }: Window): { local: number; ordinal: number }[] {
  const selection = edit.positions;
  if (selection === "all") return positions.map((position, local) => ({ local, ordinal: position }));
  if ("from" in selection) {
    return positions.flatMap((position, local) =>
      position >= selection.from ? [{ local, ordinal: position - selection.from }] : [],
    );
  }
  return selection.flatMap((position, ordinal) => {
    const local = positions.indexOf(position);
    return local < 0 ? [] : [{ local, ordinal }];
  });
}

function offsetReader({ offset }: SiteEdit, perPosition: number): (ordinal: number, inner: number) => number {
  if (typeof offset === "number") return () => offset;
  const broadcast = offset.length === perPosition;
  return (ordinal, inner) => offset[broadcast ? inner : ordinal * perPosition + inner] ?? 0;
}

export function windowLength(shape: ModelShape, axis: AxisName, window: Window): number {
  if (axis === "batch") return window.batch;
  if (axis === "key") return window.keys;
  if (axis === "position" || axis === "query") return window.positions.length;
  return axisLengthOf(shape, axis) ?? 0;
}

function flatIndex(element: readonly number[], lengths: readonly number[]): number {
  return element.reduce((flat, index, axis) => flat * (lengths[axis] ?? 1) + index, 0);
}

function range(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}
