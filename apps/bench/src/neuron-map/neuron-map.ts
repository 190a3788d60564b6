/**
 * `npm run bench -- neuron-map`: the whole map of the bundled model, and its rate as a share of the runtime's own
 * matrix-product rate.
 *
 * The bound is a session with nothing but the product of the same blocks of vectors with the same unembedding, of which one
 * number is fetched: nothing that computes these scores through the runtime can be faster. The map needs two products for
 * each vector (raw and norm-folded; cosines are made from the raw ones), and the bound is charged with exactly these two.
 */
import { computeNeuronMap, neuronVectors } from "@patchbay/analysis";
import { createRuntime } from "@patchbay/runtime";
import type { Engine } from "@patchbay/transformer";
import { machineFacts } from "../harness/machine.ts";
import { measureInterleaved, ratioOf, ratioOfFastest, summarise } from "../harness/measure.ts";
import { percent, printHeading, printNote, printTable } from "../harness/report.ts";
import { openBundledModel } from "../models/bundled.ts";
import { openBareProduct } from "./bare-product.ts";

/** Raw and norm-folded. */
const PRODUCTS_PER_VECTOR = 2;

export async function benchNeuronMap({ quick }: { quick: boolean }): Promise<void> {
  for (const fact of machineFacts()) printNote(fact);
  const { name, model } = await openBundledModel();
  const { layers, neurons, residualWidth, vocabulary, gated } = model.shape;
  const sides = gated ? 3 : 2;
  const engine = createRuntime().open(model);
  const product = await openBareProduct(model, (await neuronVectors(model, 0, "write")).data);
  const products = layers * sides * PRODUCTS_PER_VECTOR;

  const timings = await measureInterleaved(
    [
      { name: "bare matrix products", run: () => repeat(products, product.run) },
      { name: "the whole map", run: () => wholeMap(engine) },
    ],
    { rounds: quick ? 2 : 7, warmUp: 1 },
  );
  await product.release();
  const [bound, map] = timings;
  if (bound === undefined || map === undefined) return;

  printHeading(
    `${name}: ${layers} layers × ${neurons} neurons × ${sides} sides; raw, folded and cosine; top and bottom tokens, peakedness, entropy`,
  );
  const vectors = layers * neurons * sides;
  const operations = 2 * vectors * PRODUCTS_PER_VECTOR * residualWidth * vocabulary;
  printTable(
    ["", "seconds", "neurons per second", "GFLOP/s of products"],
    timings.map(({ name: label, samples }) => {
      const seconds = summarise(samples).median / 1000;
      return [
        label,
        seconds.toFixed(2),
        ((layers * neurons) / seconds).toFixed(0),
        (operations / seconds / 1e9).toFixed(0),
      ];
    }),
  );
  const share = ratioOf(bound, map);
  printNote(
    `share of the bound: ${percent(share.median)} (quartiles ${percent(share.lowerQuartile)} to ${percent(share.upperQuartile)}, ${map.samples.length} rounds; aim 80 %)`,
  );
  printNote(`fastest bound / fastest map: ${percent(ratioOfFastest(bound, map))}`);
  printNote(`blocks of ${product.blockRows} vectors × ${vocabulary} tokens`);
}

async function wholeMap(engine: Engine): Promise<void> {
  await computeNeuronMap(engine, { signal: new AbortController().signal });
}

async function repeat(times: number, work: () => Promise<void>): Promise<void> {
  for (let i = 0; i < times; i++) await work();
}
