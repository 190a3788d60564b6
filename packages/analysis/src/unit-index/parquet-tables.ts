/** The index as Parquet tables, for notebooks: one row a unit, and one row an example. */

import { parquetWriteBuffer } from "hyparquet-writer";
import {
  HISTOGRAM_BINS,
  INTERVALS,
  PER_INTERVAL,
  RANDOM,
  type SourceIndex,
  TOP,
  type UnitIndex,
} from "./source-index.ts";

const ROWS_A_GROUP = 100_000;

/** source, kind, layer, unit, tokens, firing, density, mean, maximum, minimum, histogram (JSON list of counts). */
export function unitsParquet({ sources }: UnitIndex): Uint8Array {
  const rows = [...sources.values()];
  const column = <Value>(value: (source: SourceIndex, unit: number) => Value): Value[] =>
    rows.flatMap((source) => Array.from({ length: source.units }, (_, unit) => value(source, unit)));
  return written([
    { name: "source", type: "STRING", data: column(({ source }) => source) },
    { name: "kind", type: "STRING", data: column(({ kind }) => kind) },
    { name: "layer", type: "INT32", data: column(({ layer }) => layer) },
    { name: "unit", type: "INT32", data: column((_, unit) => unit) },
    { name: "tokens", type: "INT64", data: column(({ tokens }) => BigInt(tokens)) },
    { name: "firing", type: "INT64", data: column(({ firing }, unit) => BigInt(firing[unit] ?? 0)) },
    { name: "density", type: "DOUBLE", data: column(({ firing, tokens }, unit) => (firing[unit] ?? 0) / tokens) },
    { name: "mean", type: "DOUBLE", data: column(({ sum, tokens }, unit) => (sum[unit] ?? 0) / tokens) },
    { name: "maximum", type: "FLOAT", data: column(({ maximum }, unit) => maximum[unit] ?? 0) },
    { name: "minimum", type: "FLOAT", data: column(({ minimum }, unit) => minimum[unit] ?? 0) },
    { name: "histogram", type: "STRING", data: column(({ histogram }, unit) => histogramText(histogram, unit)) },
  ]);
}

/** source, unit, group ("top", "interval 1 of 5", …, "random"), document, position, value. */
export function examplesParquet({ sources }: UnitIndex): Uint8Array {
  const columns = {
    source: [] as string[],
    unit: [] as number[],
    group: [] as string[],
    document: [] as number[],
    position: [] as number[],
    value: [] as number[],
  };
  for (const source of sources.values()) {
    for (const { references, slots, names } of groupsOf(source)) {
      for (let i = 0; i < references.documents.length; i++) {
        const document = references.documents[i] ?? -1;
        if (document < 0) continue;
        columns.source.push(source.source);
        columns.unit.push(Math.floor(i / slots));
        columns.group.push(names[i % slots] ?? "");
        columns.document.push(document);
        columns.position.push(references.positions[i] ?? 0);
        columns.value.push(references.values[i] ?? 0);
      }
    }
  }
  return written([
    { name: "source", type: "STRING", data: columns.source },
    { name: "unit", type: "INT32", data: columns.unit },
    { name: "group", type: "STRING", data: columns.group },
    { name: "document", type: "INT32", data: columns.document },
    { name: "position", type: "INT32", data: columns.position },
    { name: "value", type: "FLOAT", data: columns.value },
  ]);
}

/** Names of the entries of a unit's slots, in order. */
function groupsOf({ top, intervals, random }: SourceIndex) {
  const repeated = (name: string, count: number) => Array.from({ length: count }, () => name);
  const intervalNames = Array.from({ length: INTERVALS }, (_, i) =>
    repeated(`interval ${i + 1} of ${INTERVALS}`, PER_INTERVAL),
  ).flat();
  return [
    { references: top, slots: TOP, names: repeated("top", TOP) },
    { references: intervals, slots: INTERVALS * PER_INTERVAL, names: intervalNames },
    { references: random, slots: RANDOM, names: repeated("random", RANDOM) },
  ];
}

/** Counts of the bins as a JSON list. */
function histogramText(histogram: Uint32Array, unit: number): string {
  return `[${histogram.subarray(unit * HISTOGRAM_BINS, (unit + 1) * HISTOGRAM_BINS).join(",")}]`;
}

function written(columnData: Parameters<typeof parquetWriteBuffer>[0]["columnData"]): Uint8Array {
  return new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: ROWS_A_GROUP }));
}
