/** Replacements of an output site: by a dictionary's output, or by one fixed vector. Skipped positions keep their value. */
import type { Dictionary } from "@patchbay/dictionary";
import type { Engine } from "@patchbay/transformer";
import { ensureDefined, parseSite, type Site, type Tensor } from "@patchbay/vocabulary";
import { asRows, reconstruct } from "./encode-features.ts";
import type { OutputReplacement } from "./replace-output.ts";

/** The site becomes what the dictionary makes of the current pass; its error is dropped. `skip` first positions stay. */
export function splicedOutput(
  engine: Engine,
  dictionary: Dictionary,
  skip: number,
  signal?: AbortSignal,
): OutputReplacement {
  const { spec } = dictionary;
  return {
    outputSite: parseSite(ensureDefined(spec.outputSites[0])),
    inputSites: [parseSite(spec.inputSite)],
    async replace(output, [input]) {
      const { outputs } = await reconstruct(engine, dictionary, asRows(ensureDefined(input)), signal);
      return keepFirst(output, ensureDefined(outputs[0]).data, Math.max(skip, spec.skipsFirstPosition ? 1 : 0));
    },
  };
}

/** The site becomes `value` ([width]) at every position but the first `skip`. */
export function valueReplacement(outputSite: Site, value: Float32Array, skip: number): OutputReplacement {
  return {
    outputSite,
    inputSites: [],
    async replace(output) {
      const data = new Float32Array(output.data.length);
      for (let start = 0; start < data.length; start += value.length) data.set(value, start);
      return keepFirst(output, data, skip);
    },
  };
}

/** The new values of [batch, position, …], with the first positions of each row as they were. */
export function keepFirst(output: Tensor, data: Float32Array, skip: number): Tensor {
  const [batch = 0, positions = 0] = output.shape;
  const width = output.data.length / (batch * positions);
  for (let row = 0; row < batch; row++) {
    const start = row * positions * width;
    data.set(output.data.subarray(start, start + skip * width), start);
  }
  return { ...output, data };
}
