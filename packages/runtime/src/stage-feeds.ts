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
  visibleKeys,
} from "@patchbay/transformer";
import { type AxisName, describeSite, ensureDefined, PatchbayError, type SiteKind } from "@patchbay/vocabulary";
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
    const pieces = ranked.map((kind) =>
      elementEdits(
        shape,
        kind,
        edits.filter((edit) => edit.site.kind === kind),
        window,
      ),
    );
    const total = pieces.reduce((sum, piece) => sum + piece.count, 0);
    const names = EDIT_INPUTS[rank];
    feeds[names.lengths] = int64Tensor(
      pieces.map((piece) => piece.count),
      [ranked.length],
    );
    feeds[names.index] = int64Tensor(
      joined(
        Int32Array,
        pieces.map((piece) => piece.index),
      ),
      [total, rank],
    );
    feeds[names.scale] = float32Tensor(
      joined(
        Float32Array,
        pieces.map((piece) => piece.scale),
      ),
      [total],
    );
    feeds[names.offset] = float32Tensor(
      joined(
        Float32Array,
        pieces.map((piece) => piece.offset),
      ),
      [total],
    );
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
    [SELECTION_INPUTS.positionLengths]: int64Tensor(
      selections.map((s) => s.positions.length),
      [selections.length],
    ),
    [SELECTION_INPUTS.units]: int64Tensor(units, [units.length]),
    [SELECTION_INPUTS.unitLengths]: int64Tensor(
      selections.map((s) => s.units.length),
      [selections.length],
    ),
  };
}

interface ElementEdits {
  readonly count: number;
  /** Full element indices, flattened: [element][axis]. */
  readonly index: Int32Array;
  readonly scale: Float32Array;
  readonly offset: Float32Array;
}

/**
 * The edits of one site as a list of distinct elements with one scale and one offset each. Two edits of the same element
 * compose in order: (a·s₁ + o₁)·s₂ + o₂.
 */
function elementEdits(shape: ModelShape, kind: SiteKind, edits: readonly SiteEdit[], window: Window): ElementEdits {
  const { axes } = describeSite(kind);
  const rank = axes.length;
  const lengths = axes.map((axis) => windowLength(shape, axis, window));
  const places = edits.map((edit) => placeOf(edit, kind, lengths, window));
  const most = places.reduce((sum, place) => sum + place.count, 0);
  const index = new Int32Array(most * rank);
  const scale = new Float32Array(most);
  const offset = new Float32Array(most);
  // Elements that several edits share are found again by their flat index. One edit that lists an element twice writes the
  // same number twice.
  const slots = edits.length > 1 ? new Map<number, number>() : undefined;
  const lastEdit = new Int32Array(slots === undefined ? 0 : most);
  let count = 0;

  const put = (edit: number, element: readonly number[], by: number, plus: number) => {
    const flat = slots === undefined ? 0 : flatIndex(element, lengths);
    const slot = slots?.get(flat);
    if (slot !== undefined) {
      if (lastEdit[slot] === edit) return;
      lastEdit[slot] = edit;
      scale[slot] = (scale[slot] ?? 1) * by;
      offset[slot] = (offset[slot] ?? 0) * by + plus;
      return;
    }
    slots?.set(flat, count);
    lastEdit[count] = edit;
    for (let axis = 0; axis < rank; axis++) index[count * rank + axis] = element[axis] ?? 0;
    scale[count] = by;
    offset[count] = plus;
    count += 1;
  };
  places.forEach((place, i) => {
    const { scale: by, offset: plus } = ensureDefined(edits[i]);
    // A pattern is edited within what its layer sees.
    const visible = (query: number) => visibleKeys(shape, ensureDefined(edits[i]).site.layer ?? 0, query, window.keys);
    forEachElement(place, axes, kind, visible, (element, ordinal, inner) => {
      put(i, element, by, typeof plus === "number" ? plus : (plus[place.offsetIndex(ordinal, inner)] ?? 0));
    });
  });
  return {
    count,
    index: index.subarray(0, count * rank),
    scale: scale.subarray(0, count),
    offset: offset.subarray(0, count),
  };
}

interface EditedPosition {
  /** In the window, and in the sequence. */
  readonly local: number;
  readonly position: number;
  /** In the edit's own list. */
  readonly ordinal: number;
}

interface ElementPlace {
  readonly count: number;
  readonly rows: readonly number[];
  readonly positions: readonly EditedPosition[];
  readonly units: readonly number[];
  readonly details: readonly number[];
  /** Where the offset of the edit's `ordinal`-th position and `inner`-th unit and dimension stands. */
  offsetIndex(ordinal: number, inner: number): number;
}

function placeOf(edit: SiteEdit, kind: SiteKind, lengths: readonly number[], window: Window): ElementPlace {
  const { axes, unitAxis, detailAxis } = describeSite(kind);
  const rows = edit.rows === "all" ? range(window.batch) : edit.rows;
  const units = edit.units === "all" ? range(lengths[axes.indexOf(unitAxis)] ?? 0) : edit.units;
  const details =
    detailAxis === undefined
      ? [0]
      : edit.dimensions === "all"
        ? range(lengths[axes.indexOf(detailAxis)] ?? 0)
        : edit.dimensions;
  const perPosition = units.length * details.length;
  const broadcast = typeof edit.offset !== "number" && edit.offset.length === perPosition;
  const given =
    typeof edit.offset === "number" || broadcast ? Number.POSITIVE_INFINITY : positionsGiven(edit, perPosition);
  const positions = windowPositions(edit, window).filter(({ ordinal }) => ordinal < given);
  return {
    count: rows.length * positions.length * perPosition,
    rows,
    positions,
    units,
    details,
    offsetIndex: (ordinal, inner) => (broadcast ? inner : ordinal * perPosition + inner),
  };
}

/** How many positions an edit's values are for. @throws PatchbayError `values-do-not-fit` */
function positionsGiven({ offset, positions }: SiteEdit, perPosition: number): number {
  const values = typeof offset === "number" ? 1 : offset.length;
  const listed = Array.isArray(positions) ? positions.length : undefined;
  const given = values / perPosition;
  if (given >= 1 && Number.isInteger(given) && (listed === undefined || given === listed)) return given;
  throw new PatchbayError("values-do-not-fit", "The number of values does not fit the place.", {
    expected: `${perPosition}, or ${perPosition} for each position`,
    received: String(values),
  });
}

/**
 * Calls with one reused index array; `inner` counts units × dimensions. Keys that the query may not look at are passed
 * over: an edited pattern must not show a position its future.
 */
function forEachElement(
  place: ElementPlace,
  axes: readonly AxisName[],
  kind: SiteKind,
  visible: (query: number) => { first: number; last: number },
  visit: (element: readonly number[], ordinal: number, inner: number) => void,
): void {
  const { positionAxis, unitAxis, detailAxis } = describeSite(kind);
  const element = axes.map(() => 0);
  const at = { row: axes.indexOf("batch"), position: axes.indexOf(positionAxis), unit: axes.indexOf(unitAxis) };
  const detailAt = detailAxis === undefined ? -1 : axes.indexOf(detailAxis);
  for (const row of place.rows) {
    element[at.row] = row;
    for (const { local, position, ordinal } of place.positions) {
      element[at.position] = local;
      const { first, last } = detailAxis === "key" ? visible(position) : { first: 0, last: Number.POSITIVE_INFINITY };
      let inner = 0;
      for (const unit of place.units) {
        element[at.unit] = unit;
        for (const detail of place.details) {
          if (detailAt >= 0) element[detailAt] = detail;
          if (detail >= first && detail <= last) visit(element, ordinal, inner);
          inner += 1;
        }
      }
    }
  }
}

/** The edit's positions that lie in the window; `ordinal` counts within the edit's own list. */
function windowPositions(edit: SiteEdit, { positions }: Window): EditedPosition[] {
  const selection = edit.positions;
  if (selection === "all") return positions.map((position, local) => ({ local, position, ordinal: position }));
  if ("from" in selection) {
    return positions.flatMap((position, local) =>
      position >= selection.from ? [{ local, position, ordinal: position - selection.from }] : [],
    );
  }
  return selection.flatMap((position, ordinal) => {
    const local = positions.indexOf(position);
    return local < 0 ? [] : [{ local, position, ordinal }];
  });
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

function joined<Data extends Int32Array | Float32Array>(
  Kind: new (length: number) => Data,
  parts: readonly Data[],
): Data {
  const result = new Kind(parts.reduce((sum, part) => sum + part.length, 0));
  let start = 0;
  for (const part of parts) {
    result.set(part, start);
    start += part.length;
  }
  return result;
}
