/** What is encoded: the six bundled transcoders, a prompt and ten thousand tokens of the reference text. */
import path from "node:path";
import { asRows, corpusFromTexts, harvest } from "@patchbay/analysis";
import { type Dictionary, openDictionaryLibrary } from "@patchbay/dictionary";
import { bundledFolder, bundledReferenceText } from "@patchbay/model-library";
import type { Engine, Tokenizer } from "@patchbay/transformer";
import { concatenateAlong, ensureDefined, parseSite, type Site, type Tensor, tensor } from "@patchbay/vocabulary";

const PROMPT = "One day, Tom and Lily went to the park. Tom gave a ball to";

export interface Rows {
  readonly name: "prompt" | "corpus";
  readonly count: number;
  /** Of each dictionary's input site: [row, input] */
  readonly inputs: readonly Tensor[];
}

export async function openLayerDictionaries(): Promise<Dictionary[]> {
  const folder = path.join(await bundledFolder(), "dictionaries");
  const { dictionaries } = await openDictionaryLibrary({ roots: [{ folder, bundled: true }] }).list();
  return dictionaries.filter(({ spec }) => spec.set === "mlp");
}

export async function promptRows(engine: Engine, tokenizer: Tokenizer, sites: readonly Site[]): Promise<Rows> {
  const tokens = tokenizer.encode(PROMPT, { prependBos: true }).map(({ id }) => id);
  const { reads } = await engine.forward({ tokens: [tokens], reads: sites.map((site) => ({ site })) });
  return { name: "prompt", count: tokens.length, inputs: reads.map(asRows) };
}

export async function corpusRows(
  engine: Engine,
  tokenizer: Tokenizer,
  sites: readonly Site[],
  count: number,
): Promise<Rows> {
  const texts = (await bundledReferenceText()).split("\n").filter((line) => line.trim() !== "");
  const rules = { tokenizer, prependBos: true, context: engine.model.shape.context };
  const pieces: Tensor[][] = sites.map(() => []);
  let rows = 0;
  for await (const { values } of harvest(engine, corpusFromTexts("reference", texts, rules), sites)) {
    values.forEach((value, site) => {
      pieces[site]?.push(value);
    });
    rows += values[0]?.shape[0] ?? 0;
    if (rows >= count) break;
  }
  const kept = Math.min(count, rows);
  return { name: "corpus", count: kept, inputs: pieces.map((each) => firstRows(concatenateAlong(each, "row"), kept)) };
}

export function sitesOf(dictionaries: readonly Dictionary[]): Site[] {
  return dictionaries.map(({ spec }) => parseSite(spec.inputSite));
}

export function firstRows({ shape, data }: Tensor, count: number): Tensor {
  const width = ensureDefined(shape[1]);
  return tensor(["row", "input"], [count, width], data.subarray(0, count * width));
}
