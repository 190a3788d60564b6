/** The findings that ship with the bundled model, computed again by the real model. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openInstalledModels } from "../compose.ts";
import { readTour } from "../models/model-files.ts";
import { computePart } from "./compute-part.ts";
import { replay } from "./replay.ts";

const MODEL = "stories-15m";
const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const HOME = process.env["PATCHBAY_TEST_HOME"] ?? path.join(ROOT, ".patchbay/test-home");

test("every finding of the tour opens and replays to the same numbers", async (t) => {
  const tour = await readTour(MODEL);
  assert.ok(tour.length >= 3);
  assert.equal(new Set(tour.map(({ id }) => id)).size, tour.length);
  if (!existsSync(path.join(HOME, "models", MODEL, "config.json"))) {
    t.skip(`the model ${MODEL} is not in ${HOME}; npm test installs it`);
    return;
  }
  const model = await openInstalledModels(HOME).get(MODEL);
  for (const finding of tour) {
    assert.equal(finding.modelHash, model.hash, finding.title);
    const report = await replay(finding, (part) => computePart(model, part, { signal: t.signal }));
    // On another processor two features whose scores agree to the fifth digit may stand the other way round in the order of
    // their removal; their scores, rank by rank, are compared like every other number.
    const differences = report.differences.filter(
      ({ at }) => !/^\/order\/\d+\/(layer|position|dictionary|unit)$/.test(at),
    );
    assert.deepEqual(differences, [], finding.title);
    assert.ok(report.differences.length < 8, finding.title);
  }
});
