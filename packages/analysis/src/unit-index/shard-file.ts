/** One source's part of one shard as a safetensors artefact; samples are packed, empty entries left out. */
import { decodeSafetensors, encodeSafetensors } from "@patchbay/transformer";
import { PatchbayError, type Tensor, type TensorData, tensor } from "@patchbay/vocabulary";
import type { ShardPart } from "./accumulate.ts";
import { HISTOGRAM_BINS, RANDOM, TOP } from "./source-index.ts";
import { newSourceState, offerRandom, offerSample, PER_SLOT, SLOTS, type SourceState } from "./source-state.ts";
import { decodeVarints, encodeVarints } from "./varints.ts";

const FORMAT = "patchbay-unit-index-shard-1";

export function encodeShard({ state, tokenSums }: ShardPart): Uint8Array {
  const { units } = state;
  const samples = packed(state.samplePlaces, state.sampleValues, units, SLOTS * PER_SLOT);
  const random = packed(state.randomPlaces, state.randomValues, units, RANDOM);
  const tops = packed(state.topPlaces, state.topValues, units, TOP);
  const windows = state.topWindows.filter((_, i) => state.topValues[i] !== 0);
  const arrays: Record<string, TensorData> = {
    sum: state.sum,
    firing: signed(state.firing),
    maximum: state.maximum,
    minimum: state.minimum,
    lead: state.lead,
    histogram: encodeVarints(state.histogram),
    samplePlaces: signed(samples.places),
    sampleValues: samples.values,
    sampleEntries: samples.entries,
    sampleCounts: samples.counts,
    randomPlaces: signed(random.places),
    randomValues: random.values,
    randomCounts: random.counts,
    topPlaces: signed(tops.places),
    topValues: tops.values,
    topWindows: signed(windows),
    topCounts: tops.counts,
    tokenStarts: tokenSums.starts,
    tokens: tokenSums.tokens,
    tokenSums: tokenSums.sums,
  };
  return encodeSafetensors(
    Object.entries(arrays).map(([name, data]) => [name, tensor(["entry"], [data.length], data)]),
    { format: FORMAT, units: String(units) },
  );
}

/** @throws PatchbayError `damaged-file` */
export function decodeShard(bytes: Uint8Array, source: string, units: number): ShardPart {
  const { tensors, metadata } = decodeSafetensors(bytes, "A shard of the unit index");
  if (metadata["format"] !== FORMAT || metadata["units"] !== String(units)) throw damaged("it is of another source");
  const state = newSourceState(source, units);
  state.sum.set(floats64(tensors, "sum"));
  state.firing.set(integers(tensors, "firing"));
  state.maximum.set(floats(tensors, "maximum"));
  state.minimum.set(floats(tensors, "minimum"));
  state.lead.set(integers(tensors, "lead"));
  state.histogram.set(decodeVarints(bytesOf(tensors, "histogram"), units * HISTOGRAM_BINS));
  unpackSamples(state, tensors);
  const topCounts = bytesOf(tensors, "topCounts");
  const windows = integers(tensors, "topWindows");
  unpack(tensors, "top", topCounts, (unit, place, value, i, n) => {
    state.topPlaces[unit * TOP + n] = place;
    state.topValues[unit * TOP + n] = value;
    state.topWindows[unit * TOP + n] = windows[i] ?? 0;
  });
  unpack(tensors, "random", bytesOf(tensors, "randomCounts"), (unit, place, value) => {
    offerRandom(state, unit, place, value);
  });
  const starts = integers(tensors, "tokenStarts");
  if (starts.length !== units + 1) throw damaged("its lists do not fit");
  return {
    state,
    tokenSums: { starts, tokens: integers(tensors, "tokens"), sums: floats(tensors, "tokenSums") },
  };
}

function unpackSamples(state: SourceState, tensors: ReadonlyMap<string, Tensor<TensorData>>): void {
  const entries = bytesOf(tensors, "sampleEntries");
  unpack(tensors, "sample", bytesOf(tensors, "sampleCounts"), (unit, place, value, i) => {
    offerSample(state, unit, Math.floor((entries[i] ?? 0) / PER_SLOT), place, value);
  });
}

/** Entries with a value, unit by unit; `entries` are their numbers within the unit, `counts` their number a unit. */
function packed(places: Uint32Array, values: Float32Array, units: number, size: number) {
  const counts = new Uint8Array(units);
  const total = values.reduce((sum, value) => sum + (value === 0 ? 0 : 1), 0);
  const kept = {
    places: new Uint32Array(total),
    values: new Float32Array(total),
    entries: new Uint8Array(total),
    counts,
  };
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (value === 0) continue;
    const unit = Math.floor(i / size);
    counts[unit] = (counts[unit] ?? 0) + 1;
    kept.places[count] = places[i] ?? 0;
    kept.values[count] = value;
    kept.entries[count++] = i - unit * size;
  }
  return kept;
}

/** `each` gets the entry's unit, place and value, its number in all, and within the unit. */
function unpack(
  tensors: ReadonlyMap<string, Tensor<TensorData>>,
  name: string,
  counts: Uint8Array,
  each: (unit: number, place: number, value: number, i: number, n: number) => void,
): void {
  const places = integers(tensors, `${name}Places`);
  const values = floats(tensors, `${name}Values`);
  let i = 0;
  for (const [unit, count] of counts.entries()) {
    for (let n = 0; n < count; n++, i++) each(unit, (places[i] ?? 0) >>> 0, values[i] ?? 0, i, n);
  }
}

function signed({ buffer, byteOffset, length }: Uint32Array): Int32Array {
  return new Int32Array(buffer, byteOffset, length);
}

function integers(tensors: ReadonlyMap<string, Tensor<TensorData>>, name: string): Int32Array {
  const data = tensors.get(name)?.data;
  if (data instanceof Int32Array) return data;
  throw damaged(`"${name}" is missing`);
}

function floats(tensors: ReadonlyMap<string, Tensor<TensorData>>, name: string): Float32Array {
  const data = tensors.get(name)?.data;
  if (data instanceof Float32Array) return data;
  throw damaged(`"${name}" is missing`);
}

function floats64(tensors: ReadonlyMap<string, Tensor<TensorData>>, name: string): Float64Array {
  const data = tensors.get(name)?.data;
  if (data instanceof Float64Array) return data;
  throw damaged(`"${name}" is missing`);
}

function bytesOf(tensors: ReadonlyMap<string, Tensor<TensorData>>, name: string): Uint8Array {
  const data = tensors.get(name)?.data;
  if (data instanceof Uint8Array) return data;
  throw damaged(`"${name}" is missing`);
}

function damaged(reason: string): PatchbayError {
  return new PatchbayError("damaged-file", "A stored shard of the unit index cannot be used.", {
    received: reason,
    advice: "It was removed; start the job again to compute it anew.",
  });
}
