import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { readNormWeight } from "@patchbay/transformer";
import { ensureDefined, tensor } from "@patchbay/vocabulary";
import { computeNeuronMap, TOKENS_PER_SIDE } from "../neuron-vocabulary/compute-neuron-map.ts";
import { decodeNeuronMap, encodeNeuronMap } from "../neuron-vocabulary/neuron-map.ts";
import { assertNear, distributionOf, dotProduct, largest } from "../testing/distribution.ts";
import { fixtureService, storiesService, UNDISTURBED } from "../testing/open-test-service.ts";
import { referenceHead } from "../testing/reference-head.ts";
import { failure } from "./testing/failure.ts";
import { openPlanted, plantedUnits, randomValues, specOf, WRITER, WRITTEN_TOKEN } from "./testing/planted-units.ts";
import {
  computeTokenSides,
  decodeTokenSides,
  encodeTokenSides,
  type RankedSide,
  TOKENS_PER_UNIT_SIDE,
  type TokenSides,
  tokenSidesOfNeurons,
} from "./token-sides.ts";

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "patchbay-token-sides-"));
  after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

function assertSide(side: RankedSide | undefined, unit: number, perSide: number, scores: Float64Array, what: string) {
  const { tokens, scores: given } = ensureDefined(side);
  const size = Math.max(...scores.map(Math.abs));
  largest(scores, perSide).forEach(({ score }, rank) => {
    const at = unit * perSide + rank;
    assertNear(given[at], score, 1e-5 * size, `${what} ${unit}: score of rank ${rank}`);
    assertNear(scores[tokens[at] ?? -1], score, 1e-5 * size, `${what} ${unit}: token of rank ${rank}`);
  });
}

for (const name of ["tiny-llama", "tiny-gpt2"] as const) {
  test(`${name}: sides of features equal products in float64`, async () => {
    const folder = await temporaryFolder();
    const { engine } = await fixtureService(name);
    const { model } = engine;
    const [width, features] = [model.shape.residualWidth, 5];
    const facts = { kind: "cross-layer-transcoder", inputSite: "blocks.1.hook_resid_mid" } as const;
    const outputSites = ["blocks.1.hook_mlp_out", "blocks.2.hook_mlp_out"];
    const [encoder, decoder] = [randomValues(features * width, 1), randomValues(features * 2 * width, 2)];
    const dictionary = await openPlanted(
      {
        spec: specOf({ ...facts, name: "both", outputSites, features }, width),
        tensors: {
          W_enc: tensor(["feature", "input"], [features, width], encoder),
          W_dec: tensor(["feature", "target", "output"], [features, 2, width], decoder),
          b_enc: tensor(["feature"], [features], randomValues(features, 3)),
          b_dec: tensor(["output"], [width], randomValues(width, 4)),
        },
      },
      path.join(folder, "both"),
    );
    const sides = await computeTokenSides(engine, dictionary, UNDISTURBED);
    assert.equal(sides.perSide, TOKENS_PER_UNIT_SIDE);
    const head = await referenceHead(model);
    const { data: embedding } = await model.tensors.read(model.architecture.tokenEmbedding);
    for (let feature = 0; feature < features; feature++) {
      const reads = Float64Array.from({ length: model.shape.vocabulary }, (_, token) =>
        dotProduct(
          encoder.subarray(feature * width, (feature + 1) * width),
          embedding.subarray(token * width, (token + 1) * width),
        ),
      );
      assertSide(sides.reads, feature, 8, reads, "reads");
      // What the feature writes to both layers, as the final norm lets it through.
      const sum = Float64Array.from({ length: width }, (_, i) => {
        return (decoder[feature * 2 * width + i] ?? 0) + (decoder[(feature * 2 + 1) * width + i] ?? 0);
      });
      const centre = model.shape.norm.kind === "layer" ? sum.reduce((a, b) => a + b, 0) / width : 0;
      const folded = sum.map((value, i) => (value - centre) * (head.weight[i] ?? 0));
      const writes = Float64Array.from(head.rows, (row) => dotProduct(row, folded));
      assertSide(sides.writes, feature, 8, writes, "writes");
      const largestProbability = Math.max(...distributionOf(writes).probabilities);
      assertNear(sides.peakedness[feature], largestProbability, 1e-4 * largestProbability, "peakedness");
    }
    assert.deepEqual(decodeTokenSides(encodeTokenSides(sides)), sides);
  });

  test(`${name}: a layer's neurons take their sides from the neuron map`, async () => {
    const { engine } = await fixtureService(name);
    const { neurons } = engine.model.shape;
    const parts = await computeNeuronMap(engine, UNDISTURBED);
    const map = decodeNeuronMap(encodeNeuronMap(parts, TOKENS_PER_SIDE));
    const sides: TokenSides = tokenSidesOfNeurons(map, 2, neurons);
    const unit = 7;
    const at = (2 * neurons + unit) * TOKENS_PER_SIDE;
    const write = map.part("write", "folded");
    const read = map.part(name === "tiny-llama" ? "gate" : "up", "folded");
    const own = (values: Int32Array | Float32Array | undefined) => values?.slice(unit * 8, unit * 8 + 8);
    assert.deepEqual(own(sides.writes?.tokens), write.top.slice(at, at + 8));
    assert.deepEqual(own(sides.reads?.scores), read.topScores.slice(at, at + 8));
    assert.equal(sides.peakedness[unit], write.peakedness[2 * neurons + unit]);
    assert.equal(sides.peakedness.length, neurons);
  });
}

test("a feature at a site that is no residual vector has only the side that is one", async () => {
  const folder = await temporaryFolder();
  const { engine } = await fixtureService("tiny-llama");
  const inputSite = "blocks.0.mlp.hook_post";
  const facts = { name: "of-neurons", kind: "transcoder", inputSite, outputSites: ["blocks.0.hook_mlp_out"] } as const;
  const spec = { ...specOf({ ...facts, features: 2 }, 32), inputWidth: 48 };
  const dictionary = await openPlanted(
    {
      spec,
      tensors: {
        W_enc: tensor(["feature", "input"], [2, 48], randomValues(96, 1)),
        W_dec: tensor(["feature", "output"], [2, 32], randomValues(64, 2)),
        b_enc: tensor(["feature"], [2], randomValues(2, 3)),
        b_dec: tensor(["output"], [32], randomValues(32, 4)),
      },
    },
    path.join(folder, "of-neurons"),
  );
  const sides = await computeTokenSides(engine, dictionary, UNDISTURBED);
  assert.equal(sides.reads, undefined);
  assert.equal(sides.writes?.tokens.length, 16);
  assert.deepEqual(decodeTokenSides(encodeTokenSides(sides)), sides);
  assert.throws(() => decodeTokenSides(encodeTokenSides(sides).slice(0, 40)), failure("damaged-file", /./));
});

test("the planted writer writes its token", async () => {
  const { context } = await plantedUnits();
  const sides = ensureDefined(await context.tokenSides(WRITER));
  assert.equal(sides.writes?.tokens[0], WRITTEN_TOKEN);
});

test("stories-15m: large vocabularies are searched in blocks", async (t) => {
  const service = await storiesService(t);
  if (service === undefined) return;
  const folder = await temporaryFolder();
  const { engine } = service;
  const { residualWidth: width, vocabulary } = engine.model.shape;
  const { data: head } = await engine.model.tensors.read(engine.model.architecture.unembedding.tensor);
  const norm = await readNormWeight(engine.model.tensors, engine.model.architecture.finalNorm, width);
  // More features than one block holds; feature i writes token 40·i as plainly as can be.
  const features = 150;
  const decoder = new Float32Array(features * width);
  for (let i = 0; i < decoder.length; i++) {
    const token = 40 * Math.floor(i / width);
    const weight = norm[i % width] ?? 1;
    decoder[i] = (head[token * width + (i % width)] ?? 0) / weight;
  }
  const site = "blocks.3.hook_resid_post";
  const dictionary = await openPlanted(
    {
      spec: specOf({ name: "plain", kind: "sae", inputSite: site, outputSites: [site], features }, width),
      tensors: {
        W_enc: tensor(["feature", "input"], [features, width], decoder),
        W_dec: tensor(["feature", "output"], [features, width], decoder),
        b_enc: tensor(["feature"], [features], new Float32Array(features)),
        b_dec: tensor(["output"], [width], new Float32Array(width)),
      },
    },
    path.join(folder, "plain"),
  );
  const { writes } = await computeTokenSides(engine, dictionary, UNDISTURBED);
  for (const feature of [0, 1, 65, 66, 149]) {
    const row = (token: number) => Float64Array.from(head.subarray(token * width, (token + 1) * width));
    const scores = Float64Array.from({ length: vocabulary }, (_, token) => dotProduct(row(token), row(40 * feature)));
    assertSide(writes, feature, 8, scores, "writes");
  }
});
