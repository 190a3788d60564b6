/** Which tokens read along directions: embedding · direction, the largest and the smallest. */
import type { RankedToken } from "@patchbay/contract";
import { GraphBuilder } from "@patchbay/onnx-graph";
import { type Engine, float32Value, type Program, type Tokenizer, type TransformerModel } from "@patchbay/transformer";
import { ensureDefined, type Tensor, tensor } from "@patchbay/vocabulary";
import { rowsPerPiece } from "../dictionaries/encode-features.ts";
import { int64 } from "../programs/readout.ts";
import { topTokens } from "../programs/top-tokens.ts";

export interface Alignment {
  readonly most: RankedToken[];
  /** Smallest first. */
  readonly least: RankedToken[];
}

/** One a direction. */
export async function alignTokens(
  engine: Engine,
  tokenizer: Tokenizer,
  directions: readonly Float32Array[],
  top: number,
  signal: AbortSignal,
): Promise<Alignment[]> {
  const { vocabulary, residualWidth: width } = engine.model.shape;
  const count = Math.min(top, vocabulary);
  const piece = rowsPerPiece(vocabulary);
  const alignments: Alignment[] = [];
  for (let start = 0; start < directions.length; start += piece) {
    const group = directions.slice(start, start + piece);
    const data = new Float32Array(group.length * width);
    for (const [i, direction] of group.entries()) data.set(direction, i * width);
    const outputs = await engine.evaluate(
      alignmentProgram(engine.model),
      { directions: tensor(["row", "residual"], [group.length, width], data), top: int64([count]) },
      ["most", "most_tokens", "least", "least_tokens"],
      signal,
    );
    const ranked = (scores: Tensor, ids: Tensor, row: number) =>
      Array.from({ length: count }, (_, rank): RankedToken => {
        const id = Number(ensureDefined(ids.data[row * count + rank]));
        return { id, text: tokenizer.textOf(id), score: scores.data[row * count + rank] ?? 0 };
      });
    for (const row of group.keys()) {
      alignments.push({
        most: ranked(outputs.most, outputs.most_tokens, row),
        least: ranked(outputs.least, outputs.least_tokens, row),
      });
    }
  }
  return alignments;
}

function alignmentProgram({ architecture, tensors, shape }: TransformerModel): Program {
  return {
    key: "observable.token-alignment",
    build() {
      const g = new GraphBuilder("observable.token-alignment");
      const directions = g.input("directions", "float32", ["row", shape.residualWidth]);
      const top = g.input("top", "int64", [1]);
      const table = float32Value(g, tensors, architecture.tokenEmbedding);
      const scores = g.matrixProduct(directions, g.transpose(table, [1, 0]));
      for (const [name, direction] of [
        ["most", "largest"],
        ["least", "smallest"],
      ] as const) {
        const found = topTokens(g, scores, top, shape.vocabulary, direction);
        g.output(found.values, "float32", ["row", "rank"], name);
        g.output(found.tokens, "int32", ["row", "rank"], `${name}_tokens`);
      }
      return g.build();
    },
  };
}
