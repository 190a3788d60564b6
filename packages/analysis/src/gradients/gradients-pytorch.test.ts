/**
 * The same gradients by PyTorch in float64 (models/fixtures/make_site_gradients.py). Ours are float32 through three blocks
 * and back: 2e-5 of the largest entry of a site is allowed.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { ensureDefined, parseSite } from "@patchbay/vocabulary";
import { fixtureService, UNDISTURBED } from "../testing/open-test-service.ts";
import { gradientsOf } from "./gradients-of.ts";

interface Golden {
  readonly tokens: readonly number[];
  readonly plus: number;
  readonly minus: number;
  readonly models: Record<
    "tiny-llama" | "tiny-gpt2",
    Record<"logit-difference" | "loss", { value: number; gradients: Record<string, number[]> }>
  >;
}

const FILE = new URL("../../../../models/fixtures/site-gradients.json", import.meta.url);

for (const name of ["tiny-llama", "tiny-gpt2"] as const) {
  for (const kind of ["logit-difference", "loss"] as const) {
    test(`${name}: gradients of the ${kind} are PyTorch's`, async () => {
      const golden = JSON.parse(await readFile(FILE, "utf8")) as Golden;
      const { engine } = await fixtureService(name);
      const { value, gradients: expected } = golden.models[name][kind];
      const names = Object.keys(expected);
      const metric =
        kind === "loss"
          ? ({ kind } as const)
          : ({ kind, token: golden.plus, minus: golden.minus, position: golden.tokens.length - 1 } as const);
      const request = { tokens: [golden.tokens], metric, sites: names.map(parseSite) };
      const { metric: own, gradients } = await gradientsOf(engine, request, UNDISTURBED.signal);
      assert.ok(Math.abs((own[0] ?? 0) - value) < 1e-5, `${own[0]} for ${value}`);
      for (const [i, site] of names.entries()) {
        const { data } = ensureDefined(gradients[i]);
        const golden = ensureDefined(expected[site]);
        assert.equal(data.length, golden.length, site);
        const largest = Math.max(...golden.map(Math.abs));
        golden.forEach((entry, at) => {
          assert.ok(Math.abs((data[at] ?? 0) - entry) <= 2e-5 * largest, `${site}[${at}]: ${data[at]} for ${entry}`);
        });
      }
    });
  }
}
