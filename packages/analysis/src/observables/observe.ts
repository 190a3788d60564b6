/** Entry: observables carried back through heads and MLPs, what reads along them, how they couple, and whether they predict. */
import type { ObservableComponent, ObservablePath, ObservableRequest, ObservableResult } from "@patchbay/contract";
import { ensureDefined, headLabel, PatchbayError, siteName } from "@patchbay/vocabulary";
import { onlyRow } from "../decomposition/decompose.ts";
import { dot } from "../decomposition/frozen-run.ts";
import { outputCombinations } from "../decomposition/output-combination.ts";
import { STORY_PROMPTS } from "../decomposition/story-prompts.ts";
import type { WorkContext } from "../model-service.ts";
import { inputOf, type ModelParts, recipeOf } from "../run/model-parts.ts";
import { resolvePosition } from "../run/positions.ts";
import { type CarriedDirection, type Component, carryBack } from "./carry-back.ts";
import { couplingOf } from "./coupling.ts";
import { compareHeldOut } from "./held-out.ts";
import { cosine, foldWeight, gradientThroughNorm, normScale } from "./norm-gradient.ts";
import { type ResolvedObservable, resolveObservable } from "./observable-weights.ts";
import { type RecordedText, ReferencePoint, recordText, rowAt } from "./reference-point.ts";
import { alignTokens } from "./token-alignment.ts";

const TOKENS_LISTED = 50;

interface Path {
  readonly label: string;
  readonly components: readonly Component[];
  readonly site: string;
  /** One an observable. */
  readonly directions: readonly CarriedDirection[];
}

export async function observe(
  parts: ModelParts,
  request: ObservableRequest,
  { signal, progress }: WorkContext,
): Promise<ObservableResult> {
  const started = performance.now();
  const { engine, tokenizer } = parts;
  const { shape } = engine.model;
  const observables = request.observables.map((each, i) => resolveObservable(tokenizer, each, `observables/${i}`));
  const chains = chainsOf(parts, request.paths ?? "single");
  const input = inputOf(parts, request.input ?? { text: ensureDefined(STORY_PROMPTS[0]) });
  const tokens = onlyRow(input.tokens);
  const position = resolvePosition(request.position ?? -1, input.length, "position");
  const text = await recordText(engine, tokens, signal);
  const reference = new ReferencePoint(text, position);
  const own = await ownDirections(parts, observables, signal);
  const withScale = request.scale ?? false;
  const finalScale = normScale(reference.final(), shape.norm);
  const start = own.folded.map((direction) => (withScale ? direction.map((value) => value / finalScale) : direction));

  const paths: Path[] = [];
  for (const [i, components] of chains.entries()) {
    let carried: CarriedDirection[] = start.map((stream) => ({ normed: stream, stream }));
    for (const component of components.toReversed()) {
      const directions = carried.map(({ stream }) => stream);
      carried = await carryBack(engine, component, directions, reference, withScale, signal);
    }
    paths.push({
      label: components.map(labelOf).join(" → "),
      components,
      site: siteOf(parts, components),
      directions: carried,
    });
    progress?.((0.5 * (i + 1)) / chains.length, `${i + 1} of ${chains.length} paths`);
  }

  const texts = await heldOutTexts(parts, request, signal);
  const described: ObservableResult["observables"] = [];
  for (const [o, observable] of observables.entries()) {
    const ranked = await describePaths(
      parts,
      request,
      { o, paths, reference, texts, folded: ensureDefined(own.folded[o]) },
      signal,
    );
    described.push({
      name: observable.name,
      tokens: observable.tokens.slice(0, TOKENS_LISTED).map((token) => ({ ...token })),
      norm: lengthOf(ensureDefined(own.raw[o])),
      value: await valueAt(parts, observable, reference, signal),
      ranked,
    });
    progress?.(0.5 + (0.5 * (o + 1)) / observables.length, observable.name);
  }
  return {
    tokens: ensureDefined(input.described[0]),
    position,
    paths: paths.map(({ label, components, site }) => ({ label, components: [...components], site })),
    observables: described,
    ...(observables.length < 2
      ? {}
      : {
          coupling: [
            { path: null, ...couplingOf(own.raw) },
            ...paths.map(({ directions }, path) => ({ path, ...couplingOf(directions.map(({ stream }) => stream)) })),
          ],
        }),
    ...(request.vectors === undefined ? {} : { vectors: vectorsOf(request, paths, text) }),
    recipe: await recipeOf(parts, input, withScale ? "norm weights and scales" : "norm weights", request),
    milliseconds: performance.now() - started,
  };
}

/** Each observable before the unembedding: as it reads the normed stream, and with the final norm's weight folded in. */
async function ownDirections(
  { engine }: ModelParts,
  observables: readonly ResolvedObservable[],
  signal: AbortSignal,
): Promise<{ raw: Float32Array[]; folded: Float32Array[] }> {
  const { model } = engine;
  const { outputVocabulary, residualWidth: width } = model.shape;
  const weights = new Float32Array(observables.length * outputVocabulary);
  for (const [o, { tokens }] of observables.entries()) {
    for (const { id, weight } of tokens) weights[o * outputVocabulary + id] = weight;
  }
  const { unembedding, finalNorm } = model.architecture;
  const found = await outputCombinations(engine, "unembed", unembedding, weights, observables.length, signal);
  const raw = observables.map((_, o) => found.directions.subarray(o * width, (o + 1) * width));
  return { raw, folded: await Promise.all(raw.map((direction) => foldWeight(model, finalNorm, direction))) };
}

interface Description {
  readonly o: number;
  readonly paths: readonly Path[];
  readonly reference: ReferencePoint;
  readonly texts: readonly { readonly recorded: RecordedText; readonly first: number }[];
  /** The observable's own direction, final norm's weight folded in. */
  readonly folded: Float32Array;
}

async function describePaths(
  { engine, tokenizer }: ModelParts,
  { top = 8, compare = 8 }: ObservableRequest,
  { o, paths, reference, texts, folded }: Description,
  signal: AbortSignal,
): Promise<ObservablePath[]> {
  const { norm } = engine.model.shape;
  const directionOf = (path: Path) => ensureDefined(path.directions[o]);
  const streams = paths.map((path) => directionOf(path).stream);
  const reads = await alignTokens(engine, tokenizer, streams, top, signal);
  const ranked = [...paths.keys()].sort(
    (a, b) => lengthOf(ensureDefined(streams[b])) - lengthOf(ensureDefined(streams[a])),
  );
  const described: ObservablePath[] = [];
  for (const [rank, place] of ranked.entries()) {
    const path = ensureDefined(paths[place]);
    const first = ensureDefined(path.components[0]);
    const { normed, stream } = directionOf(path);
    const point = first.kind === "mlp" ? reference.beforeMlp(first.layer) : reference.before(first.layer);
    const recorded = ensureDefined(reference.text.layers[first.layer]);
    const values = ensureDefined(first.kind === "mlp" ? recorded.beforeMlp : recorded.before);
    described.push({
      path: place,
      norm: lengthOf(stream),
      cosineWithoutNorm: cosine(normed, gradientThroughNorm(point, stream, norm)) ?? 0,
      reads: ensureDefined(reads[place]),
      strip: Array.from({ length: reference.text.length }, (_, position) => dot(rowAt(values, position), stream)),
      ...(rank < compare
        ? {
            heldOut: await compareHeldOut(
              engine,
              texts,
              { components: path.components, direction: stream, observable: folded },
              signal,
            ),
          }
        : {}),
    });
  }
  return described;
}

async function heldOutTexts({ engine, ...parts }: ModelParts, request: ObservableRequest, signal: AbortSignal) {
  if (request.compare === 0) return [];
  const texts = [];
  for (const text of request.heldOut ?? STORY_PROMPTS) {
    const input = inputOf({ engine, ...parts }, { text });
    const recorded = await recordText(engine, onlyRow(input.tokens), signal);
    texts.push({ recorded, first: input.bosPrepended && input.length > 1 ? 1 : 0 });
  }
  return texts;
}

async function valueAt(
  { engine }: ModelParts,
  { tokens }: ResolvedObservable,
  reference: ReferencePoint,
  signal: AbortSignal,
): Promise<number> {
  const width = engine.model.shape.residualWidth;
  const residual = { axes: ["batch", "position", "residual"], shape: [1, 1, width], data: reference.final().slice() };
  const { logits } = await engine.unembed({ residual, positions: [reference.position], full: true, signal });
  return tokens.reduce((sum, { id, weight }) => sum + weight * (logits?.data[id] ?? 0), 0);
}

/** Directions in full, and interventions that write along them. */
function vectorsOf(
  { vectors = [], coefficient = 1, observables }: ObservableRequest,
  paths: readonly Path[],
  text: RecordedText,
): NonNullable<ObservableResult["vectors"]> {
  return vectors.map(({ observable, path }, i) => {
    const found = paths[path];
    const direction = found?.directions[observable]?.stream;
    if (found === undefined || direction === undefined) {
      throw new PatchbayError("invalid-request", "There is no such vector.", {
        expected: `observable 0 to ${observables.length - 1}, path 0 to ${paths.length - 1}`,
        received: `observable ${observable}, path ${path}`,
        at: `vectors/${i}`,
      });
    }
    const length = lengthOf(direction);
    const unit = direction.map((value) => (length === 0 ? 0 : value / length));
    const first = ensureDefined(found.components[0]);
    const recorded = ensureDefined(text.layers[first.layer]);
    const stream = ensureDefined(first.kind === "mlp" ? recorded.beforeMlp : recorded.before);
    const positions = Array.from({ length: text.length }, (_, position) => position);
    const without = positions.flatMap((position) => {
      const x = rowAt(stream, position);
      const along = dot(x, unit);
      return [...x].map((value, d) => value - along * (unit[d] ?? 0));
    });
    return {
      observable,
      path,
      site: found.site,
      values: [...direction],
      steer: [{ site: found.site, op: "add", values: [...unit], coefficient }],
      ablate: [{ site: found.site, op: "replace", positions, values: without }],
    };
  });
}

/** @throws PatchbayError for components that are not there or not in order of computation */
function chainsOf({ engine }: ModelParts, paths: NonNullable<ObservableRequest["paths"]>): (readonly Component[])[] {
  const { layers, heads, neurons, arrangement } = engine.model.shape;
  if (paths === "single") {
    return Array.from({ length: layers }, (_, layer): Component[][] => [
      ...Array.from({ length: heads }, (_, head): Component[] => [{ kind: "head", layer, head }]),
      ...(neurons === 0 ? [] : [[{ kind: "mlp", layer } as const]]),
    ]).flat();
  }
  return paths.map((chain, i) => {
    let depth = -1;
    return chain.map((component, c) => {
      const at = `paths/${i}/${c}`;
      check(component, { layers, heads, neurons }, at);
      const late = component.kind === "mlp" && arrangement === "sequential" ? 1 : 0;
      const place = 2 * component.layer + late;
      if (place <= depth) {
        throw new PatchbayError("invalid-request", "A path goes upwards through the model.", {
          expected: "components in order of computation",
          received: chain.map(labelOf).join(", "),
          at,
        });
      }
      depth = place;
      return component;
    });
  });
}

function check(
  component: ObservableComponent,
  { layers, heads, neurons }: { layers: number; heads: number; neurons: number },
  at: string,
): void {
  if (component.layer >= layers) {
    throw new PatchbayError("layer-out-of-range", `There is no layer ${component.layer}.`, {
      expected: `0 to ${layers - 1}`,
      received: String(component.layer),
      at: `${at}/layer`,
    });
  }
  if (component.kind === "head" ? component.head < heads : neurons > 0) return;
  throw new PatchbayError("unit-out-of-range", `There is no ${labelOf(component)}.`, {
    expected: component.kind === "head" ? `heads 0 to ${heads - 1}` : "a model with MLPs",
    at,
  });
}

function labelOf(component: ObservableComponent): string {
  return component.kind === "head" ? headLabel(component.layer, component.head) : `${component.layer}_mlp_out`;
}

/** The stream that a chain's first component reads. */
function siteOf({ engine }: ModelParts, components: readonly Component[]): string {
  const first = ensureDefined(components[0], "first component");
  const middle = first.kind === "mlp" && engine.model.shape.arrangement === "sequential";
  return siteName(middle ? "hook_resid_mid" : "hook_resid_pre", first.layer);
}

function lengthOf(vector: Float32Array): number {
  return Math.sqrt(dot(vector, vector));
}
