/** A model service whose numbers follow from its request: enough to test everything around the engine. */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ModelService, WorkContext } from "@patchbay/analysis";
import type { GeneratedToken, ModelSummary, Recipe, Token } from "@patchbay/contract";
import { PatchbayError, tensor } from "@patchbay/vocabulary";
import { createFakeDictionaries, createFakeUnits } from "./fake-dictionaries.ts";

export interface FakeOptions {
  readonly name?: string;
  readonly hash?: string;
  /** How long each call takes; it stops early when its signal aborts. */
  readonly milliseconds?: number;
  /** Added to every logit, to play a machine that computes otherwise. */
  readonly drift?: () => number;
  readonly jobMilliseconds?: number;
  readonly observe?: (event: string) => void;
}

export function createFakeModel(options: FakeOptions = {}): ModelService {
  const { name = "fake", hash = "f".repeat(64), milliseconds = 0, jobMilliseconds = 200 } = options;
  const { drift = () => 0, observe = () => undefined } = options;
  let mapped = false;

  async function work(label: string, { signal }: WorkContext, duration = milliseconds): Promise<void> {
    observe(`${label} starts`);
    try {
      signal.throwIfAborted();
      if (duration > 0) await sleep(duration, undefined, { signal });
    } catch (error) {
      observe(`${label} aborted`);
      throw error;
    }
    observe(`${label} ends`);
  }

  async function workInSteps(label: string, context: WorkContext): Promise<void> {
    for (let step = 1; step <= 4; step++) {
      await work(`${label} ${step}`, context, jobMilliseconds / 4);
      context.progress?.(step / 4, `step ${step} of 4`);
    }
  }

  const recipe = (request: object, tokens: Token[][]): Recipe => ({
    model: name,
    modelHash: hash,
    engine: "patchbay-fake 1",
    runtime: "none 0",
    tokens: tokens.map((row) => row.map(({ id }) => id)),
    bosPrepended: false,
    normalisation: "none",
    dtype: "F32",
    weights: "as stored",
    request,
    hash: createHash("sha256").update(JSON.stringify(request)).digest("hex"),
  });

  const tokenize = (text: string): Token[] =>
    [...text.matchAll(/\s*\S+/g)].map(({ 0: word, index }) => ({
      id: word.length,
      text: word,
      start: index,
      end: index + word.length,
    }));

  return {
    name,
    hash,
    dictionaries: createFakeDictionaries({ model: name, work, workInSteps }),
    units: createFakeUnits({ model: name, work, workInSteps }),
    summary: () => ({ ...SUMMARY, name, hash, neuronMap: mapped ? "ready" : "absent" }),
    page: () => ({ ...SUMMARY, name, hash, neuronMap: "absent", sites: [], examplePrompts: ["One day"] }),
    tokenize,
    searchVocabulary: (query, limit) => ({
      tokens: Array.from({ length: Math.min(limit, 3) }, (_, id) => ({ id, text: query + id })),
    }),
    async run(request, context) {
      const text = request.input.text ?? "";
      // A prompt that lingers runs until it is aborted, however busy the machine is.
      await work(`run ${text}`, context, text === "linger" ? 60_000 : milliseconds);
      if (text === "explode") throw new TypeError("a bug in the engine with a secret");
      if (request.compute?.ledger?.layer === 99) {
        throw new PatchbayError("layer-out-of-range", "There is no layer 99.", {
          expected: "0 to 5",
          received: "99",
          at: "compute/ledger/layer",
        });
      }
      const rows = [tokenize(text)];
      const values = Float32Array.from({ length: 6 }, (_, index) => Math.sin(text.length + index) + drift());
      const answer = { axes: ["batch", "position", "neuron"], shape: [1, 2, 3] };
      return {
        result: {
          tokens: rows,
          texts: {},
          results: {
            capture: [{ site: "blocks.0.mlp.hook_post", positions: [0, 1], values: { ...answer, data: [...values] } }],
          },
          recipe: recipe(request, rows),
          milliseconds: performance.now() % 7,
        },
        tensors: new Map([["results/capture/0/values", tensor(answer.axes, answer.shape, values)]]),
      };
    },
    async generate(request, context, listen) {
      const text = request.input.text ?? "";
      const prompt = [tokenize(text)];
      if (text === "refuse") throw new PatchbayError("context-exceeded", "The prompt is too long.");
      listen?.start?.({ prompt, recipe: recipe(request, prompt) });
      const tokens: GeneratedToken[] = [];
      for (let index = 0; index < (request.sampling?.maxTokens ?? 4); index++) {
        await work(`token ${index}`, context);
        const word = ` w${index}`;
        const token = { id: index, text: word, row: 0, position: index, probability: 0.5, delta: word };
        tokens.push(token);
        listen?.token?.(token);
      }
      return {
        prompt,
        rows: [{ text: tokens.map(({ delta }) => delta).join(""), tokens, finish: "length" }],
        recipe: recipe(request, prompt),
        timing: { firstTokenMilliseconds: performance.now() % 5, tokensPerSecond: 100 },
      };
    },
    async doseResponse(request, context) {
      await work("dose-response", context);
      const tokens = request.tokens.map((reference, id) => ({ id, text: String(reference) }));
      const curve = tokens.map(({ id }) => request.values.map((value) => Math.tanh(value + id)));
      return {
        values: request.values,
        tokens,
        probabilities: curve,
        logits: curve,
        kl: request.values.map(() => 0),
        topTokens: request.values.map(() => ({ id: 0, text: "a", probability: 1 })),
        baseline: { observed: 0, probabilities: [], logits: [] },
        maximum: null,
        recipe: recipe(request, []),
      };
    },
    async ask(question, request, context, { fresh = false } = {}) {
      for (const step of [1, 2, 3]) {
        await work(`${question} ${step}`, context);
        context.progress?.(step / 3, `step ${step} of 3`, { step });
      }
      return { question, fresh, recipe: recipe(request, []) } as never;
    },
    async computeNeuronMap(context) {
      await workInSteps("neuron-map", context);
      mapped = true;
      return { neurons: 12, seconds: 0.1 };
    },
    async computeReferenceStatistics(context) {
      await workInSteps("reference-statistics", context);
      return { tokens: 100, seconds: 0.1 };
    },
    async testSpecialisedNeurons({ prompt = "", place = "post", multiple = 4 }, context) {
      await workInSteps(`specialised ${multiple}`, context);
      const count = { raised: 0, of: 0, medianFactor: 1 };
      return { prompt, place, multiple, trials: [], peaked: count, random: count, randomOwnToken: count };
    },
    listNeurons: async ({ offset = 0 }) => ({ total: 0, offset, rows: [], tokensPerSide: 0 }),
    scatterNeurons: async (side, variant) => ({
      side,
      variant,
      layer: [],
      neuron: [],
      peakedness: [],
      entropy: [],
      topToken: [],
    }),
    tokenNeurons: async ({ token, side = "write", variant = "folded" }) => ({
      token: { id: 0, text: token },
      side,
      variant,
      matches: [],
    }),
    async neuronPage(layer, neuron) {
      throw new PatchbayError("not-ready", `The neuron map for L${layer}N${neuron} is not there yet.`);
    },
    unload: async () => 1024,
  };
}

const SUMMARY: ModelSummary = {
  name: "fake",
  family: "llama",
  parameters: 12,
  layers: 6,
  residualWidth: 8,
  heads: 2,
  keyValueHeads: 2,
  headWidth: 4,
  neuronsPerLayer: 2,
  vocabulary: 32,
  context: 16,
  gated: true,
  hash: "",
  prependBos: true,
  licence: "MIT",
  source: null,
  description: null,
  dtype: "F32",
  loadedBytes: 0,
  neuronMap: "absent",
};
