/** The flags of `patchbay train-dictionary`, or a recipe file, to a checked request. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { TrainingRequest, type TrainingSparsity, type TrainingTarget } from "@patchbay/contract";
import { PatchbayError } from "@patchbay/vocabulary";

export interface TrainingFlags {
  readonly model?: string;
  /** A file that holds a whole request; of the other flags only `model` may stand beside it. */
  readonly recipe?: string;
  readonly name?: string;
  readonly kind?: TrainingTarget["kind"];
  /** In full, or with `layers` without `blocks.N.`. */
  readonly site?: string;
  readonly outputSite?: string;
  readonly features?: number;
  readonly topk?: number;
  readonly batchTopk?: number;
  readonly jumprelu?: number;
  readonly relu?: number;
  readonly tokens?: number;
  /** A text file, or "samples". */
  readonly corpus?: string;
  readonly seed?: number;
  /** "all", or numbers and ranges: 0,2-4. */
  readonly layers?: string;
  readonly batch?: number;
  readonly learningRate?: number;
}

const NEEDED = ["name", "kind", "site", "features", "tokens"] as const;

/** @param layerCount of a model, asked only where `layers` needs it */
export async function trainingRequest(
  flags: TrainingFlags,
  defaultModel: string,
  layerCount: (model: string) => Promise<number>,
): Promise<TrainingRequest> {
  const request = flags.recipe === undefined ? await fromFlags(flags, defaultModel, layerCount) : await fromFile(flags);
  const { corpus } = request;
  // The engine's process may have another working folder than the person.
  return corpus.kind === "file" ? { ...request, corpus: { ...corpus, path: resolve(corpus.path) } } : request;
}

async function fromFile({ recipe = "", model, ...others }: TrainingFlags): Promise<TrainingRequest> {
  const extra = Object.entries(others).find(([, value]) => value !== undefined)?.[0];
  if (extra !== undefined)
    throw wrongFlags("--recipe holds everything; only --model may stand beside it.", flagOf(extra));
  let value: unknown;
  try {
    value = JSON.parse(await readFile(recipe, "utf8"));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new PatchbayError("malformed-json", `${recipe} is not JSON.`, { received: cause.message, cause });
  }
  return check(model === undefined || typeof value !== "object" ? value : { ...value, model }, recipe);
}

async function fromFlags(
  flags: TrainingFlags,
  defaultModel: string,
  layerCount: (model: string) => Promise<number>,
): Promise<TrainingRequest> {
  const missing = NEEDED.filter((flag) => flags[flag] === undefined);
  if (missing.length > 0) throw wrongFlags("Something is not said.", "nothing", missing.map(flagOf).join(", "));
  const { model = defaultModel, name = "", layers, tokens, corpus = "samples", batch, learningRate } = flags;
  const numbers = layers === undefined ? undefined : parseLayers(layers, await layerCount(model));
  const targets = numbers === undefined ? [target(flags, undefined)] : numbers.map((layer) => target(flags, layer));
  const request = {
    model,
    ...(numbers === undefined ? {} : { set: name }),
    targets,
    // Seeds of one recipe see the same text.
    corpus: corpus === "samples" ? { kind: "samples" } : { kind: "file", path: corpus },
    tokens,
    ...(batch === undefined ? {} : { batch }),
    ...(learningRate === undefined ? {} : { learningRate }),
  };
  return check(request, "The flags");
}

function target(flags: TrainingFlags, layer: number | undefined): object {
  const { name, kind, site = "", outputSite, features, seed } = flags;
  return {
    name: layer === undefined ? name : `${name}.layer-${layer}`,
    kind,
    inputSite: siteAt(site, layer),
    ...(outputSite === undefined ? {} : { outputSite: siteAt(outputSite, layer) }),
    features,
    sparsity: sparsityOf(flags),
    ...(seed === undefined ? {} : { seed }),
  };
}

function siteAt(site: string, layer: number | undefined): string {
  if (layer === undefined) return site;
  if (/^blocks\.\d/.test(site)) {
    throw wrongFlags("With --layers a site stands without its layer.", site, site.replace(/^blocks\.\d+\./, ""));
  }
  return `blocks.${layer}.${site}`;
}

function sparsityOf({ topk, batchTopk, jumprelu, relu }: TrainingFlags): TrainingSparsity {
  const given: TrainingSparsity[] = [
    ...(topk === undefined ? [] : [{ kind: "topk" as const, k: topk }]),
    ...(batchTopk === undefined ? [] : [{ kind: "batch-topk" as const, k: batchTopk }]),
    ...(jumprelu === undefined ? [] : [{ kind: "jumprelu" as const, coefficient: jumprelu }]),
    ...(relu === undefined ? [] : [{ kind: "relu" as const, coefficient: relu }]),
  ];
  const [only, second] = given;
  if (only !== undefined && second === undefined) return only;
  throw wrongFlags(
    "A dictionary has one kind of sparsity.",
    only === undefined ? "none" : given.map(({ kind }) => kind).join(" and "),
    "one of --topk K, --batch-topk K, --jumprelu COEFFICIENT, --relu COEFFICIENT",
  );
}

/** "all", "3", "0,2-4" to layer numbers, each once, in order. */
export function parseLayers(text: string, count: number): number[] {
  if (text === "all") return Array.from({ length: count }, (_, layer) => layer);
  const layers = new Set<number>();
  for (const part of text.split(",")) {
    const [, from = "", to = from] = /^(\d+)(?:-(\d+))?$/.exec(part.trim()) ?? [];
    const [first, last] = [Number(from), Number(to)];
    if (from === "" || first > last || last >= count) {
      throw wrongFlags(
        "--layers names no layers of this model.",
        part,
        `all, or numbers and ranges from 0 to ${count - 1}: 0,2-4`,
      );
    }
    for (let layer = first; layer <= last; layer++) layers.add(layer);
  }
  return [...layers].sort((a, b) => a - b);
}

function check(value: unknown, where: string): TrainingRequest {
  const parsed = TrainingRequest.safeParse(value);
  if (parsed.success) return parsed.data;
  const [first, ...more] = parsed.error.issues;
  const others = more.length === 0 ? "" : ` (and ${more.length} more)`;
  const at = first?.path.map(String).join("/") ?? "";
  throw new PatchbayError("invalid-request", `${where}: ${first?.message ?? "not a recipe"}${others}.`, {
    ...(at === "" ? {} : { at }),
    advice: "`patchbay train-dictionary --help` shows a whole recipe.",
  });
}

function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function wrongFlags(summary: string, received: string, expected?: string): PatchbayError {
  return new PatchbayError("invalid-request", summary, {
    ...(expected === undefined ? {} : { expected }),
    received,
    advice: "`patchbay train-dictionary --help` shows examples.",
  });
}
