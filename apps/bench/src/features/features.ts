/**
 * `npm run bench -- features`: what encoding every layer with the bundled transcoders costs, for a prompt and for ten
 * thousand tokens whose activations are already there.
 *
 * The bound is a session a layer with nothing but the encoder's matrix product on the same pieces of rows; nothing that
 * computes every feature through the runtime can be faster. The peer is SAELens' encode (PATCHBAY_BENCH_PYTHON).
 */
import { encodeFeatures, rowsPerPiece } from "@patchbay/analysis";
import type { Dictionary } from "@patchbay/dictionary";
import { createRuntime } from "@patchbay/runtime";
import type { Engine } from "@patchbay/transformer";
import { ensureDefined } from "@patchbay/vocabulary";
import { machineFacts, megabytes, residentMemory } from "../harness/machine.ts";
import { measureInterleaved, ratioOf, ratioOfFastest, summarise, type Variant } from "../harness/measure.ts";
import { milliseconds, percent, printHeading, printNote, printTable, quartiles } from "../harness/report.ts";
import { openBundledModel } from "../models/bundled.ts";
import { type BareEncode, openBareEncode } from "./bare-encode.ts";
import { type EncodePeer, openEncodePeer } from "./encode-peer.ts";
import { peerFiles, peerPython } from "./python-peer.ts";
import { corpusRows, openLayerDictionaries, promptRows, type Rows, sitesOf } from "./workload.ts";

const CORPUS_TOKENS = 10_000;
/** A prompt takes milliseconds: this many a block, so that passing the turn costs nothing that shows. */
const PROMPTS_A_BLOCK = 25;
const COMPARED_ROWS = 1000;

export async function benchFeatures({ quick }: { quick: boolean }): Promise<void> {
  for (const fact of machineFacts()) printNote(fact);
  const { name, model, tokenizer } = await openBundledModel();
  const dictionaries = await openLayerDictionaries();
  const engine = createRuntime().open(model);
  const sites = sitesOf(dictionaries);
  const prompt = await promptRows(engine, tokenizer, sites);
  const corpus = await corpusRows(engine, tokenizer, sites, CORPUS_TOKENS);
  const { spec } = ensureDefined(dictionaries[0]);
  printHeading(
    `${name}: ${dictionaries.length} layers, ${spec.inputWidth} → ${spec.features} features, ${JSON.stringify(spec.activation)}`,
  );

  // First, so that the peak is the encoding's own.
  await printMemory(engine, dictionaries, corpus);

  const bounds = await Promise.all(dictionaries.map(openBareEncode));
  const files = await peerFiles();
  const python = peerPython("torch, and sae_lens for SAELens' own encode");
  let peer: EncodePeer | undefined;
  try {
    if (python !== undefined) {
      peer = await openEncodePeer(python, files, dictionaries, [prompt, corpus]);
      printNote(`peer: ${peer.about}; ${peer.piece} rows a call (its fastest of several)`);
      const { values, relativeDifference, activeHereOnly } = await peer.compare(
        engine,
        dictionaries,
        corpus,
        COMPARED_ROWS,
      );
      printNote(
        `largest difference / largest value over ${values} values: ${relativeDifference.toExponential(1)} (active here only: ${activeHereOnly})`,
      );
    }
    await compare(prompt, PROMPTS_A_BLOCK, quick ? 6 : 40, { engine, dictionaries, bounds, peer });
    await compare(corpus, 1, quick ? 3 : 15, { engine, dictionaries, bounds, peer });
  } finally {
    await peer?.close();
    await files.remove();
    for (const bound of bounds) await bound.release();
    await engine.unload();
  }
}

interface Parts {
  readonly engine: Engine;
  readonly dictionaries: readonly Dictionary[];
  readonly bounds: readonly BareEncode[];
  readonly peer: EncodePeer | undefined;
}

async function compare(rows: Rows, repetitions: number, rounds: number, parts: Parts): Promise<void> {
  const { engine, dictionaries, bounds, peer } = parts;
  const repeat = async (work: () => Promise<void>) => {
    for (let i = 0; i < repetitions; i++) await work();
  };
  const variants: Variant[] = [
    {
      name: "bare matrix products",
      run: () =>
        repeat(async () => {
          for (const [layer, bound] of bounds.entries()) await bound.run(ensureDefined(rows.inputs[layer]));
        }),
    },
    { name: "encode", run: () => repeat(() => encodeAll(engine, dictionaries, rows)) },
    ...(peer === undefined ? [] : [{ name: "PyTorch", run: () => peer.encode(rows.name, repetitions) }]),
  ];
  const timings = await measureInterleaved(variants, { rounds });
  const [bound, encode, torch] = timings;
  if (bound === undefined || encode === undefined) return;
  printHeading(`${rows.name === "prompt" ? "a prompt of" : "activations of"} ${rows.count} tokens, all layers`);
  const { spec } = ensureDefined(dictionaries[0]);
  const operations = 2 * rows.count * spec.inputWidth * spec.features * dictionaries.length;
  printTable(
    ["", "milliseconds", "tokens per second", "GFLOP/s of products"],
    timings.map(({ name, samples }) => {
      const elapsed = summarise(samples).median / repetitions;
      return [
        name,
        milliseconds(elapsed),
        ((1000 * rows.count) / elapsed).toFixed(0),
        (operations / elapsed / 1e6).toFixed(0),
      ];
    }),
  );
  const share = ratioOf(bound, encode);
  printNote(
    `share of the dense product bound: ${percent(share.median)} (quartiles ${percent(share.lowerQuartile)} to ${percent(share.upperQuartile)}, ${rounds} rounds; aim 80 %); fastest / fastest ${percent(ratioOfFastest(bound, encode))}`,
  );
  if (torch === undefined) return;
  const faster = ratioOf(torch, encode);
  printNote(
    `PyTorch / encode: ${faster.median.toFixed(2)} times (quartiles ${quartiles(faster)}; aim 2); fastest / fastest ${ratioOfFastest(torch, encode).toFixed(2)}`,
  );
}

async function encodeAll(engine: Engine, dictionaries: readonly Dictionary[], { inputs }: Rows): Promise<void> {
  for (const [layer, dictionary] of dictionaries.entries()) {
    await encodeFeatures(engine, dictionary, ensureDefined(inputs[layer]));
  }
}

async function printMemory(engine: Engine, dictionaries: readonly Dictionary[], corpus: Rows): Promise<void> {
  const before = residentMemory();
  await encodeAll(engine, dictionaries, corpus);
  const after = residentMemory();
  const { spec } = ensureDefined(dictionaries[0]);
  printNote(
    `memory: ${megabytes(before.now)} resident with model and activations, ${megabytes(after.now)} after the first encoding, ${megabytes(after.peak)} at the peak (${megabytes(before.peak)} before)`,
  );
  printNote(
    `(pieces of ${rowsPerPiece(spec.features)} rows; dense features of one layer would be ${megabytes(4 * corpus.count * spec.features)})`,
  );
}
