/** What the rewritten features and the output site really do on the training texts. */
import type { Dictionary } from "@patchbay/dictionary";
import type { Engine } from "@patchbay/transformer";
import { ensureDefined, type Tensor } from "@patchbay/vocabulary";
import type { Corpus } from "../corpus/corpus.ts";
import { harvest } from "../corpus/harvest.ts";
import type { DictionarySites } from "../dark-matter/splice.ts";
import type { DocumentRange } from "../dark-matter/split-documents.ts";
import { encodeFeatures } from "../dictionaries/encode-features.ts";
import type { TrueActivations } from "./calibration.ts";

export interface TrainingActivations {
  /** One a token: which of the rewritten features (by place) fire. */
  readonly rows: readonly { readonly document: number; readonly position: number; readonly places: Int32Array }[];
  /** By place. */
  readonly features: readonly TrueActivations[];
  /** [output]: mean of the output site. */
  readonly outputMean: Float32Array;
}

/** `placeOf`: place of each feature among the rewritten, −1 where it is none. */
export async function trainingActivations(
  engine: Engine,
  corpus: Corpus,
  dictionary: Dictionary,
  sites: DictionarySites,
  { from, to, tokens }: DocumentRange,
  placeOf: Int32Array,
  signal: AbortSignal,
): Promise<TrainingActivations> {
  const count = placeOf.reduce((most, place) => Math.max(most, place + 1), 0);
  const values = Array.from({ length: count }, (): number[] => []);
  const rows: { document: number; position: number; places: Int32Array }[] = [];
  const sums = new Float64Array(dictionary.spec.outputWidth);
  for await (const batch of harvest(engine, corpus, [sites.input, sites.output], { from, to, signal })) {
    const [input, output] = batch.values;
    addRows(sums, ensureDefined(output));
    const {
      starts,
      features,
      values: activations,
    } = await encodeFeatures(engine, dictionary, ensureDefined(input), signal);
    for (const [row, document] of batch.documents.entries()) {
      const places: number[] = [];
      for (let i = starts[row] ?? 0; i < (starts[row + 1] ?? 0); i++) {
        const place = placeOf[features[i] ?? 0] ?? -1;
        if (place < 0) continue;
        places.push(place);
        values[place]?.push(activations[i] ?? 0);
      }
      rows.push({ document, position: batch.positions[row] ?? 0, places: Int32Array.from(places) });
    }
  }
  return {
    rows,
    features: values.map((each) => ({ tokens, values: Float64Array.from(each).sort().reverse() })),
    outputMean: Float32Array.from(sums, (sum) => sum / tokens),
  };
}

function addRows(sums: Float64Array, { data }: Tensor): void {
  const width = sums.length;
  for (let i = 0; i < data.length; i++) sums[i % width] = (sums[i % width] ?? 0) + (data[i] ?? 0);
}
