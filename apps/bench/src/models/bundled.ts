/** The bundled model from the data folder (PATCHBAY_HOME), fetched first where it is missing. */
import { openModelLibrary } from "@patchbay/model-library";
import {
  describeModel,
  hashModelFolder,
  openTensorFolder,
  openTokenizer,
  readModelConfig,
  type Tokenizer,
  type TransformerModel,
} from "@patchbay/transformer";

export interface BundledModel {
  readonly name: string;
  readonly model: TransformerModel;
  readonly tokenizer: Tokenizer;
}

export async function openBundledModel(): Promise<BundledModel> {
  let last = "";
  const installed = await openModelLibrary().installBundled({
    progress: ({ stage, message }) => {
      if (stage !== last) process.stderr.write(`${message}\n`);
      last = stage;
    },
  });
  const { name, folder, hashCacheFile } = installed;
  const [config, tensors, tokenizer, hash] = await Promise.all([
    readModelConfig(folder),
    openTensorFolder(folder),
    openTokenizer(folder),
    hashModelFolder(folder, { cacheFile: hashCacheFile }),
  ]);
  return { name, model: describeModel(config, tensors, hash), tokenizer };
}
