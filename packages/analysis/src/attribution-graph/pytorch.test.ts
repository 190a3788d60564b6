/** Rows of the adjacency matrix against float64 autograd: models/fixtures/make_attribution_graph.py says what is in the file. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import type { Dictionary } from "@patchbay/dictionary";
import { ensureDefined, tensor } from "@patchbay/vocabulary";
import { openTestDictionary, testSpec } from "../dictionary-comparison/testing/test-dictionary.ts";
import { fixtureService, UNDISTURBED } from "../testing/open-test-service.ts";
import { attributionGraph } from "./attribution-graph.ts";
import { graphParts } from "./testing/graph-parts.ts";

interface Row {
  readonly feature?: readonly [layer: number, position: number, feature: number];
  readonly token?: number;
  readonly value: number;
  readonly features: readonly number[];
  readonly errors: readonly number[];
  readonly tokens: readonly number[];
}
interface Case {
  readonly model: "tiny-gpt2" | "tiny-llama";
  readonly sources: readonly (readonly [layer: number, position: number, feature: number])[];
  readonly targets: readonly Row[];
}
interface Reference {
  readonly tokens: readonly number[];
  readonly cases: Readonly<Record<"skip" | "cross-layer", Case>>;
}

const FEATURES = 12;
const LAYERS = 3;
const WIDTH = 32;
/** Float32 against float64, relative to the largest edge of a row. */
const TOLERANCE = 1e-5;

function wave(shape: readonly number[], axes: readonly string[], scale: number, frequency: number, phase: number) {
  const count = shape.reduce((product, length) => product * length, 1);
  return tensor(
    axes,
    shape,
    Float32Array.from({ length: count }, (_, i) => scale * Math.sin(frequency * i + phase)),
  );
}

function dictionaryOf(kind: "skip" | "cross-layer", layer: number): Promise<Dictionary> {
  const crossLayer = kind === "cross-layer";
  const outputs = crossLayer ? Array.from({ length: LAYERS - layer }, (_, i) => layer + i) : [layer];
  const decoder = crossLayer ? [FEATURES, outputs.length, WIDTH] : [FEATURES, WIDTH];
  return openTestDictionary({
    spec: testSpec({
      name: `${kind}-${layer}`,
      set: kind,
      kind: crossLayer ? "cross-layer-transcoder" : "transcoder",
      inputSite: `blocks.${layer}.${crossLayer ? "hook_resid_mid" : "ln2.hook_normalized"}`,
      outputSites: outputs.map((output) => `blocks.${output}.hook_mlp_out`),
      features: FEATURES,
      activation: { kind: "relu" },
      skip: !crossLayer,
    }),
    tensors: {
      W_enc: wave([FEATURES, WIDTH], ["feature", "input"], 0.4, 1.3, layer),
      b_enc: wave([FEATURES], ["feature"], 0.1, 0.9, layer),
      W_dec: wave(decoder, crossLayer ? ["feature", "target", "output"] : ["feature", "output"], 0.2, 2.1, layer),
      b_dec: wave([WIDTH], ["output"], 0.05, 1.7, layer),
      ...(crossLayer ? {} : { W_skip: wave([WIDTH, WIDTH], ["output", "input"], 0.05, 0.77, layer) }),
    },
  });
}

for (const kind of ["skip", "cross-layer"] as const) {
  test(`${kind} transcoders: every edge is that of autograd in float64`, async () => {
    const file = new URL("../../../../models/fixtures/attribution-graph.json", import.meta.url);
    const { tokens, cases } = JSON.parse(await readFile(file, "utf8")) as Reference;
    const { model, sources, targets } = cases[kind];
    const dictionaries = await Promise.all(Array.from({ length: LAYERS }, (_, layer) => dictionaryOf(kind, layer)));
    const parts = graphParts(await fixtureService(model), dictionaries);
    const logits = targets.flatMap(({ token }) => (token === undefined ? [] : [token]));
    const { graph, facts } = await attributionGraph(
      parts,
      {
        model,
        input: { tokens: [[...tokens]] },
        target: { kind: "tokens", tokens: logits },
        edgeShare: 1,
        prune: null,
      },
      UNDISTURBED,
    );
    assert.equal(facts.activeFeatures, sources.length);
    const { nodes, edges } = graph;
    const placeOf = (kindOf: string, layer: number, position: number, id: number | null) =>
      nodes.findIndex(
        (node) =>
          node.kind === kindOf &&
          node.layer === layer &&
          node.position === position &&
          (id === null || (kindOf === "feature" ? node.unit : node.tokenId) === id),
      );
    for (const target of targets) {
      const place =
        target.feature === undefined
          ? placeOf("logit", LAYERS, tokens.length - 1, ensureDefined(target.token))
          : placeOf("feature", target.feature[0], target.feature[1], target.feature[2]);
      const found = new Map<number, number>();
      edges.target.forEach((end, edge) => {
        if (end === place) found.set(edges.source[edge] ?? -1, edges.weight[edge] ?? 0);
      });
      const expected: [number, number][] = [
        ...sources.map(([layer, position, feature], i): [number, number] => [
          placeOf("feature", layer, position, feature),
          target.features[i] ?? 0,
        ]),
        ...target.errors.map((edge, i): [number, number] => [
          placeOf("error", Math.floor(i / tokens.length), i % tokens.length, null),
          edge,
        ]),
        ...target.tokens.map((edge, i): [number, number] => [placeOf("token", -1, i, null), edge]),
      ];
      const largest = Math.max(...expected.map(([, edge]) => Math.abs(edge)));
      for (const [source, edge] of expected) {
        const difference = Math.abs((found.get(source) ?? 0) - edge);
        assert.ok(
          difference <= TOLERANCE * largest,
          `${nodes[source]?.id} → ${nodes[place]?.id}: off by ${difference}`,
        );
      }
      const value = ensureDefined(nodes[place]?.preActivation);
      assert.ok(Math.abs(value - target.value) <= TOLERANCE * Math.max(1, Math.abs(target.value)));
    }
  });
}
