/** The native library loads and computes: 2 + 3 through a graph of one node. */
import { encodeModel, GraphBuilder } from "@patchbay/onnx-graph";
import { tensor } from "@patchbay/vocabulary";
import { type Check, failure, ok } from "./check.ts";

const ADVICE =
  "Run `npm ci` again on this machine (the library is native: node_modules copied from another system does not work). " +
  "On Linux it needs glibc 2.28 or newer; Alpine's musl is not supported.";

export const runtime: Check = {
  name: "ONNX Runtime",
  async run() {
    try {
      const { createSession, runtimeVersion, toRuntime } = await import("@patchbay/runtime");
      const builder = new GraphBuilder("doctor");
      const input = builder.input("input", "float32", [1]);
      builder.output(builder.add(input, builder.float32("three", [1], [3]), "sum"), "float32", [1]);
      const session = await createSession(encodeModel(builder.build()), { threads: 1 });
      const { sum } = await session.run({ input: toRuntime(tensor(["value"], [1], Float32Array.of(2))) }, ["sum"]);
      await session.release();
      const value = sum?.data[0];
      if (value !== 5) return failure(`computed 2 + 3 = ${value}`, ADVICE);
      return ok(`${runtimeVersion()} loads and computes`);
    } catch (error) {
      return failure(error instanceof Error ? error.message : String(error), ADVICE);
    }
  },
};
