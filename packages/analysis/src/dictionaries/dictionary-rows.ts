/** Encoder and decoder vectors of dictionaries, kept in memory while they are looked at. */
import { DICTIONARY_TENSORS, type Dictionary } from "@patchbay/dictionary";
import { ensureDefined } from "@patchbay/vocabulary";

export interface DecoderRows {
  readonly data: Float32Array;
  /** [feature]: length of the vector for the first output site. */
  readonly norms: Float32Array;
  /** Numbers from one feature to the next; a cross-layer feature has a vector for each output site. */
  readonly stride: number;
}

export class DictionaryRows {
  readonly #encoders = new Map<string, Promise<Float32Array>>();
  readonly #decoders = new Map<string, Promise<DecoderRows>>();

  async encoder(dictionary: Dictionary, feature: number): Promise<Float32Array> {
    const all = await remember(this.#encoders, dictionary.hash, async () => {
      return (await dictionary.read(DICTIONARY_TENSORS.encoder)).data;
    });
    const width = dictionary.spec.inputWidth;
    return all.slice(feature * width, (feature + 1) * width);
  }

  async decoder(dictionary: Dictionary, feature: number): Promise<Float32Array> {
    const { data, stride } = await this.decoders(dictionary);
    return data.slice(feature * stride, feature * stride + dictionary.spec.outputWidth);
  }

  decoders(dictionary: Dictionary): Promise<DecoderRows> {
    return remember(this.#decoders, dictionary.hash, async () => {
      const { data, shape } = await dictionary.read(DICTIONARY_TENSORS.decoder);
      const stride = data.length / ensureDefined(shape[0]);
      const width = dictionary.spec.outputWidth;
      const norms = Float32Array.from({ length: shape[0] ?? 0 }, (_, feature) =>
        Math.hypot(...data.subarray(feature * stride, feature * stride + width)),
      );
      return { data, norms, stride };
    });
  }
}

/** Dictionaries held at most; the least recently made goes first. */
const HELD = 24;

function remember<Value>(held: Map<string, Promise<Value>>, key: string, make: () => Promise<Value>): Promise<Value> {
  const known = held.get(key);
  if (known !== undefined) return known;
  const making = make();
  held.set(key, making);
  making.catch(() => held.delete(key));
  const [oldest] = held.keys();
  if (held.size > HELD && oldest !== undefined) held.delete(oldest);
  return making;
}
