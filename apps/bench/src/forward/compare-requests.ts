/** What captures, lens and interventions cost on top of the engine's own plain pass. */
import { readOut } from "@patchbay/analysis";
import type { Engine, SiteEdit } from "@patchbay/transformer";
import { tensor } from "@patchbay/vocabulary";
import { measureInterleaved, type RoundsOptions } from "../harness/measure.ts";
import { printComparison, printHeading } from "../harness/report.ts";
import { enginePass, everyLayer, tokensOfLength } from "./engine-pass.ts";

export async function compareRequests(
  name: string,
  engine: Engine,
  prompt: readonly number[],
  rounds: RoundsOptions,
): Promise<void> {
  const layer = Math.floor(engine.model.shape.layers / 2);
  const clamp: SiteEdit = {
    site: { kind: "mlp.hook_post", layer },
    rows: "all",
    positions: "all",
    units: [0],
    dimensions: "all",
    scale: 0,
    offset: 6,
  };
  for (const length of [prompt.length, Math.min(256, engine.model.shape.context)]) {
    const tokens = tokensOfLength(prompt, length);
    const run = (options: Partial<Parameters<typeof enginePass>[2]>) => () =>
      enginePass(engine, tokens, { logits: "last", ...options });
    printHeading(`${name}, ${length} tokens: what a request adds to a plain pass of the engine`);
    const timings = await measureInterleaved(
      [
        { name: "plain pass, last position's logits", run: run({}) },
        { name: "+ all MLP activations fetched", run: run({ reads: everyLayer(engine, "mlp.hook_post") }) },
        { name: `+ one neuron clamped at all positions, layer ${layer}`, run: run({ edits: [clamp] }) },
        { name: "lens: every layer and position, top 5, entropy, KL", run: () => lens(engine, tokens) },
        { name: "plain pass, all positions' logits", run: run({ logits: "all" }) },
      ],
      rounds,
    );
    printComparison(timings, "request");
  }
}

/** Embedding and resid_post of every layer through the final norm and the unembedding. */
async function lens(engine: Engine, tokens: readonly number[]): Promise<void> {
  const { reads } = await engine.forward({
    tokens: [tokens],
    reads: [{ site: { kind: "hook_embed" } }, ...everyLayer(engine, "hook_resid_post")],
  });
  const { residualWidth } = engine.model.shape;
  const states = new Float32Array(reads.length * tokens.length * residualWidth);
  for (const [i, { data }] of reads.entries()) states.set(data, i * tokens.length * residualWidth);
  const axes = ["state", "position", "residual"];
  await readOut(engine, tensor(axes, [reads.length, tokens.length, residualWidth], states), {
    norm: "final",
    top: 5,
    tracked: [],
    signal: new AbortController().signal,
  });
}
