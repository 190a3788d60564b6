/** Agreement with SentencePiece's algorithm written down as plainly as possible, on random strings. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { importLlama2c } from "../importers/llama2c.ts";
import { readLlama2cTokenizer, type ScoredPiece } from "../importers/llama2c-tokenizer.ts";
import { FIXTURE_TOKENIZER, FIXTURE_VOCABULARY, tinyCheckpointFile } from "../testing/llama2c-fixture.ts";
import { openTokenizer } from "./open-tokenizer.ts";

/** Joins the neighbours that make the piece of the highest score, leftmost first, until none do. */
function encodeByScore(text: string, pieces: readonly ScoredPiece[]): number[] {
  const normal = new Map(pieces.map(({ text: piece, score }, id) => [piece, { id, score }] as const).slice(259));
  let symbols = text === "" ? [] : [..."▁", ...text.replaceAll(" ", "▁")];
  for (;;) {
    let best = { at: -1, score: Number.NEGATIVE_INFINITY };
    for (let at = 0; at + 1 < symbols.length; at++) {
      const score = normal.get(`${symbols[at]}${symbols[at + 1]}`)?.score;
      if (score !== undefined && score > best.score) best = { at, score };
    }
    if (best.at < 0) break;
    symbols = [
      ...symbols.slice(0, best.at),
      `${symbols[best.at]}${symbols[best.at + 1]}`,
      ...symbols.slice(best.at + 2),
    ];
  }
  return symbols.flatMap((symbol) => {
    const piece = normal.get(symbol);
    return piece === undefined ? Array.from(new TextEncoder().encode(symbol), (byte) => 3 + byte) : [piece.id];
  });
}

function* randomStrings(count: number, pieces: readonly ScoredPiece[]): Generator<string> {
  let state = 42;
  const below = (limit: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const pick = (from: readonly string[]) => from[below(from.length)] ?? "";
  const some = (limit: number, make: () => string) => Array.from({ length: 1 + below(limit) }, make).join("");
  const words = pieces.slice(259).map(({ text }) => text.replaceAll("▁", " "));
  const kinds = [
    () => some(40, () => pick([..."abcdefghijklmnopqrstuvwxyz   .,'!\n"])),
    () => some(12, () => pick(words)),
    () => some(25, () => pick([" ", "  ", "    ", "\t", "\n", "a", "the", "é"])),
    () => some(40, () => " ") + pick(words),
    () => some(30, () => pick(["a", "b", "an", "na", "aa"])),
    () => some(12, () => String.fromCodePoint(pick(["x", "é", "中", "😀", "\u0300"]).codePointAt(0) ?? 0x20)),
    () => some(8, () => String.fromCodePoint(0x80 + below(0xd000))),
  ];
  yield* ["", " ", "  ", "\n", "\t", " a", "a "];
  for (let index = 0; index < count; index++) {
    const text = (kinds[index % kinds.length] ?? (() => ""))();
    if (!text.includes("▁")) yield text;
  }
}

async function compare(checkpoint: string, tokenizerFile: string, vocabulary: number, count: number): Promise<void> {
  const folder = join(await mkdtemp(join(tmpdir(), "patchbay-agreement-")), "model");
  const tokenizer = { file: tokenizerFile };
  await importLlama2c({ checkpoint: { file: checkpoint }, tokenizer, folder, manifest: { name: "model" } });
  const pieces = readLlama2cTokenizer(await readFile(tokenizerFile), vocabulary, tokenizerFile);
  const opened = await openTokenizer(folder);
  for (const text of randomStrings(count, pieces)) {
    const encoded = opened.encode(text, { prependBos: false });
    const ids = encoded.map(({ id }) => id);
    assert.deepEqual(ids, encodeByScore(text, pieces), JSON.stringify(text));
    assert.equal(opened.decode(ids), text);
    assert.equal(encoded.map(({ start, end }) => text.slice(start, end)).join(""), text);
  }
}

test("5,000 random strings with the fixture's vocabulary", async () => {
  const { file } = await tinyCheckpointFile();
  await compare(file, FIXTURE_TOKENIZER, FIXTURE_VOCABULARY, 5000);
});

const STORIES = fileURLToPath(new URL("../../../../../shared/data/models/stories260k/", import.meta.url));
const absent = existsSync(STORIES) ? false : "stories260K is not on this machine";
test("3,000 random strings with the vocabulary of stories260K", { skip: absent }, async () => {
  await compare(join(STORIES, "stories260K.bin"), join(STORIES, "tok512.bin"), 512, 3000);
});
