/**
 * Which files of a repository make up dictionaries, so that nothing else is fetched: no pickles, no optimiser states, no
 * other layers. By the same names as the importers go by (packages/dictionary/src/formats/detect-format.ts).
 */
import { PatchbayError } from "@patchbay/vocabulary";

const FORMATS: readonly {
  /** All of these make a folder a dictionary's. */
  readonly required: readonly RegExp[];
  readonly optional?: readonly RegExp[];
}[] = [
  { required: [/^dictionary\.json$/, /^model\.safetensors$/] },
  {
    required: [/^cfg\.json$/, /^sae_weights\.safetensors$/],
    optional: [/^(sparsity\.safetensors|activation_scaler\.json)$/],
  },
  { required: [/^cfg\.json$/, /^sae\.safetensors$/] },
  { required: [/^config\.yaml$/, /^(layer_\d+|W_enc_\d+)\.safetensors$/], optional: [/^W_dec_\d+\.safetensors$/] },
  { required: [/^params\.npz$/] },
  { required: [/^hyperparams\.json$/, /^(checkpoints\/)?final\.safetensors$/] },
];
const SHOWN = 8;

/**
 * @param paths of all files at and below the folder that was asked for, relative to it
 * @throws PatchbayError `unsupported-model` naming the folders further down that hold a dictionary
 */
export function neededFiles(paths: readonly string[]): string[] {
  const here = dictionaryFiles(paths, "");
  if (here.length > 0) return here;
  // A folder of dictionaries: one folder each.
  const children = foldersOf(paths, 1).flatMap((folder) => dictionaryFiles(paths, `${folder}/`));
  if (children.length > 0) return children;
  const deeper = foldersOf(paths, Number.POSITIVE_INFINITY).filter(
    (folder) => dictionaryFiles(paths, `${folder}/`).length > 0,
  );
  throw new PatchbayError("unsupported-model", "The repository's folder holds no dictionary in a known format.", {
    expected:
      "the folder of a dictionary: SAELens, circuit-tracer, sparsify, Gemma Scope, Llama Scope, or Patchbay's own",
    received: paths.length === 0 ? "no files" : paths.slice(0, SHOWN).join(", "),
    ...(deeper.length === 0
      ? {}
      : {
          advice: `Name one of its ${deeper.length} folders that hold one: ${deeper.slice(0, SHOWN).join(", ")}${deeper.length > SHOWN ? ", …" : ""}`,
        }),
  });
}

/** Those directly in the folder that belong to a format which is there in full. @param prefix "" or "folder/" */
function dictionaryFiles(paths: readonly string[], prefix: string): string[] {
  const inside = paths.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));
  const needed = new Set<string>();
  for (const { required, optional = [] } of FORMATS) {
    if (!required.every((pattern) => inside.some((path) => pattern.test(path)))) continue;
    for (const path of inside) {
      if ([...required, ...optional].some((pattern) => pattern.test(path))) needed.add(prefix + path);
    }
  }
  return [...needed];
}

/** @param depth how many folders deep at most */
function foldersOf(paths: readonly string[], depth: number): string[] {
  const folders = new Set<string>();
  for (const path of paths) {
    const parts = path.split("/").slice(0, -1);
    for (let length = 1; length <= Math.min(depth, parts.length); length++)
      folders.add(parts.slice(0, length).join("/"));
  }
  return [...folders].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}
