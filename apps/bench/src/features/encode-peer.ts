/** SAELens' encode in PyTorch on the same weights and rows, and how far its values are from ours. */
import { readFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { encodeFeatures } from "@patchbay/analysis";
import { DICTIONARY_TENSORS, type Dictionary } from "@patchbay/dictionary";
import type { Engine } from "@patchbay/transformer";
import { ensureDefined } from "@patchbay/vocabulary";
import { openPythonPeer, type PeerFiles, type PythonPeer } from "./python-peer.ts";
import { firstRows, type Rows } from "./workload.ts";

/** Rows a call: PyTorch's own encode gets the size that suits it best. */
const PIECES = [256, 1024, 4096, 16_384];

export interface EncodePeer {
  readonly about: string;
  /** Rows a call that were fastest. */
  readonly piece: number;
  encode(rows: Rows["name"], repetitions: number): Promise<void>;
  /** Largest |ours − theirs| over the first rows of the corpus, relative to the largest value. */
  compare(engine: Engine, dictionaries: readonly Dictionary[], corpus: Rows, count: number): Promise<Agreement>;
  close(): Promise<void>;
}

export interface Agreement {
  readonly values: number;
  readonly relativeDifference: number;
  /** Features that are active here and not there; those the other way round show in the difference. */
  readonly activeHereOnly: number;
}

export async function openEncodePeer(
  python: string,
  files: PeerFiles,
  dictionaries: readonly Dictionary[],
  workloads: readonly Rows[],
): Promise<EncodePeer> {
  const { spec } = ensureDefined(dictionaries[0]);
  for (const [layer, dictionary] of dictionaries.entries()) {
    await files.write(`W_enc.${layer}`, await dictionary.read(DICTIONARY_TENSORS.encoder));
    await files.write(`b_enc.${layer}`, await dictionary.read(DICTIONARY_TENSORS.encoderBias));
    for (const { name, inputs } of workloads) await files.write(`${name}.${layer}`, ensureDefined(inputs[layer]));
  }
  const peer = await openPythonPeer(python, new URL("peer.py", import.meta.url), {
    folder: files.folder,
    threads: os.availableParallelism(),
    layers: dictionaries.length,
    width: spec.inputWidth,
    features: spec.features,
    k: "k" in spec.activation ? spec.activation.k : 0,
    rows: Object.fromEntries(workloads.map(({ name, count }) => [name, count])),
  });
  const piece = await fastestPiece(peer);
  return {
    about: peer.about,
    piece,
    encode: async (rows, repetitions) => {
      await peer.call({ call: "encode", rows, repetitions, piece });
    },
    compare: async (engine, each, corpus, count) => {
      let largest = 0;
      let difference = 0;
      let activeHereOnly = 0;
      for (const [layer, dictionary] of each.entries()) {
        const ours = await encodeFeatures(engine, dictionary, firstRows(ensureDefined(corpus.inputs[layer]), count));
        await peer.call({ call: "dense", rows: corpus.name, layer, count });
        const theirs = floats(await readFile(path.join(files.folder, "dense")));
        // What is left of theirs after ours is taken away.
        const left = theirs.slice();
        for (let row = 0; row < count; row++) {
          for (let i = ensureDefined(ours.starts[row]); i < ensureDefined(ours.starts[row + 1]); i++) {
            const place = row * dictionary.spec.features + ensureDefined(ours.features[i]);
            if (theirs[place] === 0) activeHereOnly++;
            left[place] = (left[place] ?? 0) - ensureDefined(ours.values[i]);
          }
        }
        for (let i = 0; i < left.length; i++) {
          largest = Math.max(largest, theirs[i] ?? 0);
          difference = Math.max(difference, Math.abs(left[i] ?? 0));
        }
      }
      return { values: count * spec.features * each.length, relativeDifference: difference / largest, activeHereOnly };
    },
    close: () => peer.close(),
  };
}

async function fastestPiece(peer: PythonPeer): Promise<number> {
  let best = { piece: 0, seconds: Number.POSITIVE_INFINITY };
  for (let round = 0; round < 2; round++) {
    for (const piece of PIECES) {
      const { seconds } = await peer.call({ call: "encode", rows: "corpus", repetitions: 1, piece });
      if (Number(seconds) < best.seconds) best = { piece, seconds: Number(seconds) };
    }
  }
  return best.piece;
}

function floats(bytes: Buffer): Float32Array {
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}
