/** Whether a model's own tokenizer begins a text with its beginning-of-sequence token. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { numbersInstead } from "./number-tokenizer.ts";
import { readConfigBeside, readTokenizerConfig } from "./tokenizer-file.ts";

/**
 * As `transformers` does it: `add_bos_token` where it is said, else what the post-processor puts first. A HookedTransformer
 * says it in its configuration; numbers have no such token.
 */
export async function prependsBosByDefault(folder: string): Promise<boolean> {
  if ((await numbersInstead(folder)) !== undefined) return false;
  const { default_prepend_bos: ofModel } = await readConfigBeside(folder);
  if (typeof ofModel === "boolean") return ofModel;
  const { add_bos_token: said, bos_token: bos } = await readTokenizerConfig(folder);
  if (typeof said === "boolean") return said;
  const name = typeof bos === "object" && bos !== null ? (bos as { content?: unknown }).content : bos;
  const { post_processor: processor } = JSON.parse(
    await readFile(join(folder, "tokenizer.json"), "utf8"),
  ) as Processors;
  const steps = processor?.processors ?? (processor ? [processor] : []);
  return steps.some(({ single }) => single?.[0]?.SpecialToken?.id !== undefined && single[0].SpecialToken.id === name);
}

interface Template {
  readonly single?: readonly { readonly SpecialToken?: { readonly id: string } }[];
}

interface Processors {
  readonly post_processor?: (Template & { readonly processors?: readonly Template[] }) | null;
}
