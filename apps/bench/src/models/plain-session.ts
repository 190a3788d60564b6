/** The same weights as one ordinary session without hooks: the peer that the engine is measured against. */
import os from "node:os";
import { encodeModel } from "@patchbay/onnx-graph";
import { createSession, type RuntimeSession, toRuntime } from "@patchbay/runtime";
import { buildPlainModel, rotaryTables, STAGE_VALUES, type TransformerModel } from "@patchbay/transformer";
import { tensor } from "@patchbay/vocabulary";

export interface PlainModel {
  /** The logits of every position are computed; `fetches` says what of them leaves the runtime. */
  run(tokens: readonly number[], fetches: readonly string[]): Promise<unknown>;
  release(): Promise<void>;
}

export async function openPlainModel(model: TransformerModel, { lastOnly = false } = {}): Promise<PlainModel> {
  const graph = buildPlainModel(model.architecture, model.tensors, { lastOnly });
  const session = await createSession(encodeModel(graph), { threads: os.availableParallelism() });
  return {
    run: (tokens, fetches) => session.run(feedsOf(model, session, tokens), fetches),
    release: () => session.release(),
  };
}

function feedsOf({ shape }: TransformerModel, session: RuntimeSession, tokens: readonly number[]) {
  const count = tokens.length;
  const positions = tokens.map((_, i) => i);
  const mask = new Float32Array(count * count);
  for (let query = 0; query < count; query++) {
    mask.fill(Number.NEGATIVE_INFINITY, query * count + query + 1, (query + 1) * count);
  }
  const empty = tensor(
    ["past", "batch", "head", "dimension"],
    [0, 1, shape.keyValueHeads, shape.headWidth],
    new Float32Array(0),
  );
  const integers = (values: readonly number[]) =>
    tensor(["batch", "position"], [1, count], BigInt64Array.from(values, BigInt));
  const tables = shape.positions.kind === "rotary" ? rotaryTables(shape.positions.rotary, positions) : undefined;
  const all = {
    [STAGE_VALUES.tokens]: integers(tokens),
    [STAGE_VALUES.positions]: integers(positions),
    [STAGE_VALUES.mask]: tensor(["batch", "head", "query", "key"], [1, 1, count, count], mask),
    [STAGE_VALUES.pastKeys]: empty,
    [STAGE_VALUES.pastValues]: empty,
    [STAGE_VALUES.cosines]: tables?.cosines,
    [STAGE_VALUES.sines]: tables?.sines,
    [STAGE_VALUES.top]: tensor(["count"], [1], BigInt64Array.of(1n)),
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) =>
      value !== undefined && session.inputNames.includes(name) ? [[name, toRuntime(value)] as const] : [],
    ),
  );
}
