/** Blocks with every hook available against the same weights as one plain session. */
import { type Engine, STAGE_VALUES, type TransformerModel } from "@patchbay/transformer";
import { measureInterleaved, type RoundsOptions, ratioOf, ratioOfFastest, summarise } from "../harness/measure.ts";
import { milliseconds, printHeading, printNote, printTable, quartiles } from "../harness/report.ts";
import { openPlainModel } from "../models/plain-session.ts";
import { enginePass, tokensOfLength } from "./engine-pass.ts";

const LENGTHS = [1, 16, 64, 256];
const FETCHES = [STAGE_VALUES.logSumExp, STAGE_VALUES.topLogits, STAGE_VALUES.topTokens];

export async function compareWithPlain(
  name: string,
  engine: Engine,
  model: TransformerModel,
  prompt: readonly number[],
  rounds: RoundsOptions,
): Promise<void> {
  printHeading(`${name}: blocks with all hooks available / the same weights as one plain session (aim 1.05 or less)`);
  printNote("Both compute log Σ exp and the top token in the graph, of all positions or of the last one alone.");
  const rows: string[][] = [];
  for (const logits of ["last", "all"] as const) {
    const plain = await openPlainModel(model, { lastOnly: logits === "last" });
    for (const length of LENGTHS) {
      const tokens = tokensOfLength(prompt, length);
      const [whole, blocks] = await measureInterleaved(
        [
          { name: "plain", run: () => plain.run(tokens, FETCHES) },
          { name: "blocks", run: () => enginePass(engine, tokens, { logits }) },
        ],
        rounds,
      );
      if (whole === undefined || blocks === undefined) continue;
      const ratio = ratioOf(blocks, whole);
      rows.push([
        logits,
        String(length),
        milliseconds(summarise(whole.samples).median),
        milliseconds(summarise(blocks.samples).median),
        ratio.median.toFixed(3),
        quartiles(ratio),
        ratioOfFastest(blocks, whole).toFixed(3),
        String(whole.samples.length),
      ]);
    }
    await plain.release();
  }
  printTable(
    ["logits of", "tokens", "plain ms", "blocks ms", "ratio", "quartiles", "fastest / fastest", "rounds"],
    rows,
  );
}
