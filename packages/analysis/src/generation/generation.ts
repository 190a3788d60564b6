/** Cached generation under interventions and captures, token by token. */
import type { CaptureResult, GeneratedToken, GenerationRequest, GenerationResult } from "@patchbay/contract";
import type { SiteRead, UnembedResult } from "@patchbay/transformer";
import {
  concatenateAlong,
  describeSite,
  ensureDefined,
  nameOf,
  PatchbayError,
  parseSite,
  selectAlong,
  type Tensor,
} from "@patchbay/vocabulary";
import { realiseFeatureEdits } from "../features/realise-feature-edits.ts";
import type { GenerationStart, WorkContext } from "../model-service.ts";
import { inputOf, interventionContextOf, type ModelParts, recipeOf } from "../run/model-parts.ts";
import { prepareInterventions } from "../run/resolve-interventions.ts";
import { shortFloat, tensorToJson } from "../run/tensor-json.ts";
import { CachedPasses, RepeatedPasses } from "./passes.ts";
import { type SamplingRule, sample, seededUniform } from "./sampling.ts";

/** Leading tokens fetched for sampling; the whole distribution travels only where the nucleus is wider. */
const CANDIDATES = 256;

interface Listener {
  start?(start: GenerationStart): void;
  token?(token: GeneratedToken): void;
}

interface Row {
  /** The prompt's last token: decoded along, so that the continuation keeps its leading space. */
  readonly before: number;
  readonly ids: number[];
  readonly tokens: GeneratedToken[];
  text: string;
  finish: "length" | "end-of-text" | "stop" | "context" | undefined;
}

export async function generate(
  parts: ModelParts,
  request: GenerationRequest,
  { signal }: WorkContext,
  listen: Listener = {},
): Promise<GenerationResult> {
  const { engine, tokenizer } = parts;
  const input = inputOf(parts, request.input);
  const { maxTokens = 40, temperature = 0, topP = 1, topK, seed = 0, stop = [] } = request.sampling ?? {};
  const { context: longest, outputVocabulary: vocabulary } = engine.model.shape;
  const room = Math.min(maxTokens, longest - input.length);
  if (room <= 0) {
    throw new PatchbayError("context-exceeded", "The prompt fills the model's context.", {
      expected: `fewer than ${longest} tokens`,
      received: `${input.length} tokens`,
      advice: "Shorten the prompt.",
      at: "input",
    });
  }
  const context = interventionContextOf(parts, input, room, signal);
  const items = await prepareInterventions(request.interventions ?? [], context);
  const walker = items.some(({ kind }) => kind === "feature")
    ? new RepeatedPasses(engine, input.tokens, items, signal)
    : new CachedPasses(
        engine,
        input.tokens,
        await realiseFeatureEdits(engine, input.tokens, items, signal),
        room,
        signal,
      );
  const recipe = await recipeOf(parts, input, "final norm", request);
  listen.start?.({ prompt: input.described, recipe });

  const rule: SamplingRule = { temperature, topP, topK: topK ?? vocabulary };
  const uniform = seededUniform(seed);
  const rows: Row[] = input.tokens.map((tokens) => ({
    before: ensureDefined(tokens.at(-1)),
    ids: [],
    tokens: [],
    text: "",
    finish: undefined,
  }));
  const captures = (request.capture ?? []).map((query) => captureRead(query));
  const captured: Tensor[][] = captures.map(() => []);
  const started = performance.now();
  let firstToken = 0;

  try {
    let pass = await walker.begin();
    for (let step = 0; step < room; step++) {
      const position = input.length + step;
      const last = selectAlong(pass.residual, "position", [(pass.residual.shape[1] ?? 1) - 1]);
      const next = await chooseNext(parts, last, position - 1, walker.edits, rule, uniform, rows, signal);
      if (step === 0) firstToken = performance.now() - started;
      rows.forEach((row, r) => {
        if (row.finish !== undefined) return;
        const token = describeToken(parts, ensureDefined(next[r]), row, { row: r, position, top: request.top ?? 0 });
        row.finish = finishOf(row, token, {
          stop,
          eos: tokenizer.eosToken,
          last: step === room - 1,
          context: position + 1 >= longest && room < maxTokens,
        });
        listen.token?.(token);
      });
      if (rows.every(({ finish }) => finish !== undefined)) break;
      pass = await walker.advance(
        next.map(({ id }) => id),
        captures,
      );
      for (const [i, value] of pass.reads.entries()) captured[i]?.push(value);
    }
  } finally {
    walker.release();
  }
  const count = Math.max(...rows.map(({ tokens }) => tokens.length));
  const seconds = (performance.now() - started - firstToken) / 1000;
  return {
    prompt: input.described,
    rows: rows.map(({ text, tokens, finish }) => ({ text, tokens, finish: finish ?? "length" })),
    ...(captures.length === 0 ? {} : { capture: captureResults(captures, captured, input.length) }),
    recipe,
    timing: { firstTokenMilliseconds: firstToken, tokensPerSecond: count > 1 ? (count - 1) / seconds : 0 },
  };
}

interface Choice {
  readonly id: number;
  readonly probability: number;
  readonly top: readonly { id: number; probability: number }[];
}

async function chooseNext(
  { engine }: ModelParts,
  residual: Tensor,
  position: number,
  edits: Parameters<typeof engine.unembed>[0]["edits"],
  rule: SamplingRule,
  uniform: () => number,
  rows: readonly Row[],
  signal: AbortSignal,
): Promise<Choice[]> {
  const { outputVocabulary: vocabulary } = engine.model.shape;
  const greedy = rule.temperature === 0;
  // Temperatures other than 1 need Σ exp(logit / T) over the whole vocabulary.
  const ask = (top: number, full: boolean) =>
    engine.unembed({ residual, positions: [position], edits: edits ?? [], top, full, signal });
  const first = await ask(greedy ? 20 : Math.min(CANDIDATES, vocabulary), !greedy && rule.temperature !== 1);
  let whole: UnembedResult | undefined;
  const choices: Choice[] = [];
  for (const [r] of rows.entries()) {
    const draw = greedy ? 0 : uniform();
    let id = sample(candidatesOf(first, r, rule.temperature), rule, false, draw);
    if (id === undefined) {
      whole ??= await ask(vocabulary, rule.temperature !== 1);
      id = sample(candidatesOf(whole, r, rule.temperature), rule, true, draw);
    }
    choices.push(choiceOf(whole ?? first, r, ensureDefined(id, "sampled token")));
  }
  return choices;
}

function candidatesOf({ topTokens, topLogits, logSumExp, logits }: UnembedResult, row: number, temperature: number) {
  const width = topTokens.shape[2] ?? 0;
  const vocabulary = logits?.shape[2] ?? 0;
  return {
    tokens: topTokens.data.subarray(row * width, (row + 1) * width),
    logits: topLogits.data.subarray(row * width, (row + 1) * width),
    logSumExp:
      logits === undefined || temperature === 0
        ? (logSumExp.data[row] ?? 0)
        : temperedLogSumExp(logits.data.subarray(row * vocabulary, (row + 1) * vocabulary), temperature),
  };
}

function temperedLogSumExp(logits: Float32Array, temperature: number): number {
  let maximum = Number.NEGATIVE_INFINITY;
  for (const logit of logits) maximum = Math.max(maximum, logit);
  let sum = 0;
  for (const logit of logits) sum += Math.exp((logit - maximum) / temperature);
  return maximum / temperature + Math.log(sum);
}

function choiceOf({ topTokens, topLogits, logSumExp }: UnembedResult, row: number, id: number): Choice {
  const width = topTokens.shape[2] ?? 0;
  const entry = (i: number) => ({
    id: topTokens.data[row * width + i] ?? 0,
    probability: Math.exp((topLogits.data[row * width + i] ?? 0) - (logSumExp.data[row] ?? 0)),
  });
  const all = Array.from({ length: width }, (_, i) => entry(i));
  return { id, probability: all.find((candidate) => candidate.id === id)?.probability ?? 0, top: all };
}

function describeToken(
  { tokenizer }: ModelParts,
  { id, probability, top }: Choice,
  row: Row,
  place: { row: number; position: number; top: number },
): GeneratedToken {
  row.ids.push(id);
  const before = row.text;
  row.text = tokenizer.decode([row.before, ...row.ids]).slice(tokenizer.decode([row.before]).length);
  const token: GeneratedToken = {
    id,
    text: tokenizer.textOf(id),
    ...(tokenizer.isSpecial(id) ? { special: true } : {}),
    row: place.row,
    position: place.position,
    probability: shortFloat(probability),
    delta: row.text.slice(before.length),
    ...(place.top > 0
      ? {
          top: top.slice(0, place.top).map((other) => ({
            ...other,
            text: tokenizer.textOf(other.id),
            probability: shortFloat(other.probability),
          })),
        }
      : {}),
  };
  row.tokens.push(token);
  return token;
}

function finishOf(
  row: Row,
  token: GeneratedToken,
  { stop, eos, last, context }: { stop: readonly string[]; eos: number | undefined; last: boolean; context: boolean },
): Row["finish"] {
  // Any special token ends the text: stories15M, for one, ends a story with the BOS of the next.
  if (token.special === true || token.id === eos) return "end-of-text";
  if (stop.some((text) => row.text.includes(text))) return "stop";
  if (context && last) return "context";
  return last ? "length" : undefined;
}

function captureRead({ site, units }: { site: string; units?: number[] | undefined }): SiteRead {
  const parsed = parseSite(site);
  const { stage, axes } = describeSite(parsed.kind);
  if (stage === "unembed" || !(axes as readonly string[]).includes("position")) {
    throw new PatchbayError("invalid-request", `"${site}" cannot be captured during generation.`, {
      expected: "a site of the blocks with a position axis",
      at: "capture",
    });
  }
  return { site: parsed, ...(units === undefined ? {} : { units }) };
}

function captureResults(captures: readonly SiteRead[], captured: readonly Tensor[][], start: number): CaptureResult[] {
  return captures.map((read, i) => {
    const parts = captured[i] ?? [];
    const values = parts.length === 0 ? undefined : concatenateAlong(parts, "position");
    return {
      site: nameOf(read.site),
      positions: Array.from({ length: values?.shape[1] ?? 0 }, (_, p) => start + p),
      ...(read.units === undefined ? {} : { units: [...read.units] }),
      values: values === undefined ? { axes: [], shape: [0], data: [] } : tensorToJson(values),
    };
  });
}
