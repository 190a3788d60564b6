/** A SentencePiece BPE vocabulary as a Hugging Face tokenizer.json that splits every text in the same way. */
import { FIRST_NORMAL_PIECE, type ScoredPiece } from "./llama2c-tokenizer.ts";

export function sentencepieceTokenizerJson(pieces: readonly ScoredPiece[]): unknown {
  const special = pieces.slice(0, 3).map(({ text }, id) => ({
    id,
    content: text,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  const bos = special[1];
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: special,
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "Prepend", prepend: "▁" },
        { type: "Replace", pattern: { String: " " }, content: "▁" },
      ],
    },
    pre_tokenizer: null,
    post_processor: {
      type: "TemplateProcessing",
      single: [{ SpecialToken: { id: bos?.content, type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
      pair: [
        { SpecialToken: { id: bos?.content, type_id: 0 } },
        { Sequence: { id: "A", type_id: 0 } },
        { SpecialToken: { id: bos?.content, type_id: 1 } },
        { Sequence: { id: "B", type_id: 1 } },
      ],
      special_tokens: { "<s>": { id: "<s>", ids: [1], tokens: ["<s>"] } },
    },
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: "▁" }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        { type: "Strip", content: " ", start: 1, stop: 0 },
      ],
    },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: "<unk>",
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab: Object.fromEntries(pieces.map(({ text }, id) => [text, id])),
      merges: mergesByScore(pieces).map(([left, right]) => `${left} ${right}`),
    },
  };
}

/**
 * Every way in which a piece can arise from two others, best score first.
 *
 * SentencePiece joins the pair of the best score and, among equals, the leftmost. Ranks cannot say "leftmost", but the
 * only pieces that share a score are runs of spaces (Llama gives all of them -10⁹), and for those "the longest run first,
 * from its longest left part" comes to the same: the leftmost run grows until it is as long as a piece can be.
 */
function mergesByScore(pieces: readonly ScoredPiece[]): [string, string][] {
  const normal = new Map(pieces.slice(FIRST_NORMAL_PIECE).map(({ text, score }) => [text, score]));
  const ordered = [...normal].sort(([a, scoreA], [b, scoreB]) => scoreB - scoreA || b.length - a.length);
  return ordered.flatMap(([text]) => {
    const characters = [...text];
    const splits: [string, string][] = [];
    for (let at = characters.length - 1; at > 0; at--) {
      const left = characters.slice(0, at).join("");
      const right = characters.slice(at).join("");
      if (normal.has(left) && normal.has(right)) splits.push([left, right]);
    }
    return splits;
  });
}
