/** The bound: x · W_encᵀ alone, one session a dictionary, on the pieces that encoding uses. One number leaves the runtime. */
import os from "node:os";
import { rowsPerPiece } from "@patchbay/analysis";
import { DICTIONARY_TENSORS, type Dictionary } from "@patchbay/dictionary";
import { encodeModel, GraphBuilder } from "@patchbay/onnx-graph";
import { createSession, toRuntime } from "@patchbay/runtime";
import { ensureDefined, type Tensor, tensor } from "@patchbay/vocabulary";

export interface BareEncode {
  run(input: Tensor): Promise<void>;
  release(): Promise<void>;
}

export async function openBareEncode(dictionary: Dictionary): Promise<BareEncode> {
  const { inputWidth, features } = dictionary.spec;
  const g = new GraphBuilder("bare-encode");
  const x = g.input("x", "float32", ["row", inputWidth]);
  const encoder = g.float32("W_enc", [features, inputWidth], (await dictionary.read(DICTIONARY_TENSORS.encoder)).data);
  const scores = g.generalProduct(x, encoder, { transposeB: true });
  g.output(g.slice(g.slice(scores, 0, 0, 1), 1, 0, 1), "float32", ["row", "feature"], "one");
  const session = await createSession(encodeModel(g.build()), { threads: os.availableParallelism() });
  const size = rowsPerPiece(features);
  return {
    async run({ shape, data }) {
      const rows = ensureDefined(shape[0]);
      for (let start = 0; start < rows; start += size) {
        const end = Math.min(rows, start + size);
        const piece = data.subarray(start * inputWidth, end * inputWidth);
        await session.run({ x: toRuntime(tensor(["row", "input"], [end - start, inputWidth], piece)) }, ["one"]);
      }
    },
    release: () => session.release(),
  };
}
