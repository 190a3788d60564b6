import assert from "node:assert/strict";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { importLlama2c } from "../importers/llama2c.ts";
import { FIXTURE_TOKENIZER, tinyCheckpointFile } from "../testing/llama2c-fixture.ts";
import { prependsBosByDefault } from "./bos-policy.ts";
import { openTokenizer } from "./open-tokenizer.ts";
import type { Tokenizer } from "./tokenizer.ts";

const FIXTURES = fileURLToPath(new URL("./fixtures/", import.meta.url));
/** Strings and the ids that SentencePiece itself and Hugging Face's Rust library give them (make_fixtures.py). */
const GOLDEN = JSON.parse(await readFile(join(FIXTURES, "golden.json"), "utf8")) as Record<string, number[][]> & {
  strings: string[];
};

async function sentencepieceFolder(): Promise<string> {
  const { folder, file } = await tinyCheckpointFile();
  const target = join(folder, "model");
  await importLlama2c({
    checkpoint: { file },
    tokenizer: { file: FIXTURE_TOKENIZER },
    folder: target,
    manifest: { name: "t" },
  });
  return target;
}

const ids = (tokenizer: Tokenizer, text: string) => tokenizer.encode(text, { prependBos: false }).map(({ id }) => id);

/** `comesBack`: what decoding gives. The metaspace vocabulary has no bytes, so that unknown characters are lost there. */
const KINDS = [
  { name: "sentencepiece", folder: sentencepieceFolder, comesBack: (text: string) => text },
  { name: "byte-level", folder: async () => join(FIXTURES, "byte-level"), comesBack: (text: string) => text },
  { name: "split", folder: async () => join(FIXTURES, "split"), comesBack: (text: string) => text.normalize("NFC") },
  { name: "metaspace", folder: async () => join(FIXTURES, "metaspace"), comesBack: undefined },
];
for (const { name, folder, comesBack } of KINDS) {
  describe(`${name} tokenizer`, () => {
    let tokenizer: Tokenizer;
    before(async () => {
      tokenizer = await openTokenizer(await folder());
    });

    test("gives the ids of the reference implementation", () => {
      for (const [index, text] of GOLDEN.strings.entries()) {
        assert.deepEqual(ids(tokenizer, text), GOLDEN[name]?.[index], JSON.stringify(text));
      }
    });

    test("ranges cover the text exactly and in order", () => {
      for (const text of GOLDEN.strings) {
        const pieces = tokenizer.encode(text, { prependBos: true });
        let end = 0;
        for (const piece of pieces) {
          assert.equal(piece.start, end, JSON.stringify(text));
          end = piece.end;
        }
        assert.equal(end, text.length, JSON.stringify(text));
      }
    });

    if (comesBack !== undefined) {
      test("decoding gives the text back", () => {
        for (const text of GOLDEN.strings) {
          const pieces = tokenizer.encode(text, { prependBos: true });
          assert.equal(tokenizer.decode(pieces.map(({ id }) => id)), comesBack(text));
        }
      });
    }

    test("a piece is found by its text", () => {
      for (let id = 0; id < tokenizer.vocabularySize; id++) {
        const found = tokenizer.idOf(tokenizer.textOf(id));
        if (found !== undefined) assert.equal(tokenizer.textOf(found), tokenizer.textOf(id));
      }
      assert.equal(tokenizer.idOf("no such piece anywhere"), undefined);
    });
  });
}

describe("SentencePiece details", () => {
  let tokenizer: Tokenizer;
  before(async () => {
    tokenizer = await openTokenizer(await sentencepieceFolder());
  });

  test("the first word has the space of its piece in its text, but not in its range", () => {
    const [bos, first, second] = tokenizer.encode("the park", { prependBos: true });
    assert.deepEqual(bos, { id: 1, text: "<s>", start: 0, end: 0, special: true });
    assert.deepEqual(first, { id: tokenizer.idOf(" the"), text: " the", start: 0, end: 3 });
    assert.equal(second?.start, 3);
  });

  test("no text, no space", () => {
    assert.deepEqual(tokenizer.encode("", { prependBos: false }), []);
    assert.equal(tokenizer.encode("", { prependBos: true }).length, 1);
  });

  test("the first byte of a character has its range, the others are empty at its end", () => {
    const pieces = tokenizer.encode("a😀", { prependBos: false }).slice(-4);
    assert.deepEqual(
      pieces.map(({ start, end, bytes, text }) => ({ start, end, bytes, text })),
      [
        { start: 1, end: 3, bytes: "f0", text: "\uFFFD" },
        { start: 3, end: 3, bytes: "9f", text: "\uFFFD" },
        { start: 3, end: 3, bytes: "98", text: "\uFFFD" },
        { start: 3, end: 3, bytes: "80", text: "\uFFFD" },
      ],
    );
  });

  test("a byte that is a whole character is shown as one", () => {
    const newline = tokenizer.idOf("\n");
    assert.equal(newline, 3 + 0x0a);
    assert.deepEqual(tokenizer.encode("\n", { prependBos: false }).at(-1), {
      id: newline,
      text: "\n",
      start: 0,
      end: 1,
    });
  });

  test("a whole piece is preferred to a raw byte", () => {
    const id = tokenizer.idOf("a") ?? 0;
    assert.ok(id >= 259);
    assert.equal(tokenizer.textOf(3 + 0x61), "a");
  });

  test("decoding leaves out special tokens and a character that is not complete", () => {
    const bytes = tokenizer.encode("é😀", { prependBos: true }).map(({ id }) => id);
    assert.equal(tokenizer.decode(bytes.slice(0, -1)), "é");
    assert.equal(tokenizer.decode([1, 2, 0]), "");
  });

  test("ids are described by their places in what they spell", () => {
    const id = tokenizer.idOf(" the") ?? 0;
    assert.deepEqual(tokenizer.describe([1, id, id]), [
      { id: 1, text: "<s>", start: 0, end: 0, special: true },
      { id, text: " the", start: 0, end: 4 },
      { id, text: " the", start: 4, end: 8 },
    ]);
    const [first, second] = tokenizer.describe([3 + 0xc3, 3 + 0xa9]);
    assert.deepEqual([first?.start, first?.end, second?.start, second?.end], [0, 1, 1, 1]);
  });

  test("a special token in the text is itself", () => {
    const pieces = tokenizer.encode("a</s>b", { prependBos: false });
    assert.deepEqual(
      pieces.find(({ id }) => id === 2),
      { id: 2, text: "</s>", start: 1, end: 5, special: true },
    );
  });

  test("bytes are exact, and special tokens have none", () => {
    assert.deepEqual(tokenizer.bytesOf(3 + 0xff), Uint8Array.of(0xff));
    assert.deepEqual(tokenizer.bytesOf(tokenizer.idOf(" the") ?? 0), new TextEncoder().encode(" the"));
    assert.deepEqual(tokenizer.bytesOf(1), new Uint8Array());
  });

  test("an id beyond the vocabulary, as in padded embeddings, is named and special", () => {
    assert.equal(tokenizer.isSpecial(9999), true);
    assert.equal(tokenizer.textOf(9999), "<unused 9999>");
  });
});

describe("byte-level details", () => {
  test("a token may hold a character and a half", async () => {
    const tokenizer = await openTokenizer(join(FIXTURES, "byte-level"));
    const pieces = tokenizer.encode("é", { prependBos: false });
    assert.deepEqual(
      pieces.map(({ start, end, bytes }) => [start, end, bytes]),
      [
        [0, 1, "c3"],
        [1, 1, "a9"],
      ],
    );
    assert.equal(tokenizer.bosToken, tokenizer.idOf("<|endoftext|>"));
  });

  test("normalised characters keep the range of what they came from", async () => {
    const tokenizer = await openTokenizer(join(FIXTURES, "split"));
    const pieces = tokenizer.encode("xe\u0301y", { prependBos: false });
    assert.deepEqual([pieces[1]?.start, pieces[1]?.end], [1, 3]);
    assert.equal(tokenizer.decode(pieces.map(({ id }) => id)), "xéy");
  });
});

test("whether BOS comes first is what the model's files say", async () => {
  assert.equal(await prependsBosByDefault(join(FIXTURES, "byte-level")), false);
  assert.equal(await prependsBosByDefault(join(FIXTURES, "metaspace")), true);
  assert.equal(await prependsBosByDefault(await sentencepieceFolder()), true);
});

describe("refused tokenizers", () => {
  const write = async (change: (json: Record<string, Record<string, unknown>>) => unknown) => {
    const folder = await mkdtemp(join(tmpdir(), "patchbay-tokenizer-"));
    const json = JSON.parse(await readFile(join(FIXTURES, "byte-level", "tokenizer.json"), "utf8")) as Record<
      string,
      Record<string, unknown>
    >;
    await writeFile(join(folder, "tokenizer.json"), JSON.stringify(change(json) ?? json));
    return folder;
  };

  test("none at all", async () => {
    await assert.rejects(openTokenizer(FIXTURES), { code: "file-not-found" });
  });
  test("other models than BPE", async () => {
    const folder = await write((json) => ({ ...json, model: { type: "Unigram", vocab: [] } }));
    await assert.rejects(openTokenizer(folder), { code: "unsupported-model", message: /Unigram/ });
  });
  test("merges of unknown pieces", async () => {
    const folder = await write((json) => ({ ...json, model: { ...json["model"], merges: ["no such"] } }));
    await assert.rejects(openTokenizer(folder), { code: "damaged-file", message: /no such/ });
  });
  test("normalisers that we do not reproduce", async () => {
    const folder = await write((json) => ({ ...json, normalizer: { type: "Lowercase" } }));
    await assert.rejects(openTokenizer(folder), { code: "unsupported-model", message: /Lowercase/ });
  });
  test("broken JSON", async () => {
    const folder = await mkdtemp(join(tmpdir(), "patchbay-tokenizer-"));
    await writeFile(join(folder, "tokenizer.json"), "{");
    await assert.rejects(openTokenizer(folder), { code: "damaged-file" });
  });
});
