import assert from "node:assert/strict";
import { test } from "node:test";
import type { NeuronList } from "@patchbay/contract";
import { findStretch } from "./stretch.ts";

const values = Array.from({ length: 1000 }, (_, i) => 1 - i / 1000);

function listOf(sorted: readonly number[]) {
  let requests = 0;
  const load = async (offset: number, limit: number): Promise<NeuronList> => {
    requests++;
    const rows = sorted.slice(offset, offset + limit).map((peakedness) => ({
      layer: 0,
      neuron: 0,
      peakedness,
      entropy: 0,
      gap: 0,
      norm: 0,
      top: [],
      reads: [],
      writes: [],
      maximum: null,
    }));
    return { total: sorted.length, offset, rows, tokensPerSide: 8 };
  };
  return { load, requests: () => requests };
}

test("the stretch holds exactly the values in the range, both ways round", async () => {
  for (const order of ["ascending", "descending"] as const) {
    const sorted = order === "descending" ? values : values.toReversed();
    const { first, last } = await findStretch(listOf(sorted).load, { sort: "peakedness", order }, [0.2, 0.4]);
    assert.deepEqual(
      sorted.slice(first, last),
      sorted.filter((value) => value >= 0.2 && value <= 0.4),
    );
  }
});

test("it takes about two logarithms of requests", async () => {
  const { load, requests } = listOf(values);
  await findStretch(load, { sort: "peakedness", order: "descending" }, [0.2, 0.4]);
  assert.ok(requests() <= 23, `${requests()} requests`);
});

test("without a range the whole list; with an empty one none", async () => {
  assert.deepEqual(await findStretch(listOf(values).load, { sort: "norm" }, undefined), { first: 0, last: 1000 });
  const nothing = await findStretch(listOf(values).load, { sort: "peakedness", order: "descending" }, [5, 9]);
  assert.equal(nothing.last - nothing.first, 0);
});
