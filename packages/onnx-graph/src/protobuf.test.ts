import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeMessage, encodeMessage, type MessageDescription } from "./protobuf.ts";

const INNER: MessageDescription = { text: { number: 1, type: "string" } };
const OUTER: MessageDescription = {
  count: { number: 1, type: "int" },
  ratio: { number: 2, type: "float" },
  name: { number: 3, type: "string" },
  raw: { number: 4, type: "bytes" },
  list: { number: 5, type: "int", repeated: true },
  parts: { number: 16, type: { message: () => INNER }, repeated: true },
};

test("the bytes are those of the wire format", () => {
  // The examples of https://protobuf.dev/programming-guides/encoding/: field 1 = 150; field 2 = "testing".
  assert.deepEqual(encodeMessage({ count: 150 }, OUTER), Uint8Array.of(0x08, 0x96, 0x01));
  const testing: MessageDescription = { b: { number: 2, type: "string" } };
  const bytes = Uint8Array.of(0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67);
  assert.deepEqual(encodeMessage({ b: "testing" }, testing), bytes);
  assert.deepEqual(decodeMessage(bytes, testing), { b: "testing" });
});

test("packed numbers are read like single ones", () => {
  // Field 5, length-delimited: 3, 270, 86942.
  const packed = Uint8Array.of(0x2a, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05);
  assert.deepEqual(decodeMessage(packed, OUTER), { list: [3, 270, 86942] });
  const floats: MessageDescription = { f: { number: 1, type: "float", repeated: true } };
  const two = new Uint8Array([0x0a, 8, ...new Uint8Array(Float32Array.of(1.5, -2).buffer)]);
  assert.deepEqual(decodeMessage(two, floats), { f: [1.5, -2] });
});

test("a message comes back as it was, negative and large numbers included", () => {
  const message = {
    count: -1,
    ratio: 0.25,
    name: "Größe 東京",
    raw: Uint8Array.of(0, 255, 7),
    list: [0, -(2 ** 40), 2 ** 50],
    parts: [{ text: "" }, { text: "a".repeat(300) }],
  };
  assert.deepEqual(decodeMessage(encodeMessage(message, OUTER), OUTER), message);
});

test("unknown fields of every wire type survive, at every depth", () => {
  const newer: MessageDescription = {
    ...OUTER,
    parts: { number: 16, type: { message: () => ({ ...INNER, extra: { number: 9, type: "float" } }) }, repeated: true },
    later: { number: 100, type: "string" },
    number: { number: 101, type: "int" },
  };
  const eightBytes = Uint8Array.of(0xb1, 0x06, 1, 2, 3, 4, 5, 6, 7, 8);
  const message = { count: 3, later: "kept", number: -5, parts: [{ text: "x", extra: 1.5 }] };
  const bytes = Uint8Array.from([...encodeMessage(message, newer), ...eightBytes]);
  const through = encodeMessage(decodeMessage(bytes, OUTER), OUTER);
  const { unknownFields, ...rest } = decodeMessage(through, newer);
  assert.deepEqual(rest, message);
  assert.deepEqual(unknownFields, [eightBytes]);
});

test("bytes that break off are damaged", () => {
  const broken: [string, number[]][] = [
    ["a tag without value", [0x08]],
    ["a number without end", [0x08, 0x80]],
    ["a number of more than 64 bits", [0x08, ...Array.from({ length: 11 }, () => 0xff)]],
    ["a text shorter than it says", [0x1a, 5, 65]],
    ["a float of two bytes", [0x15, 0, 0]],
    ["a wire type that is not used", [0x0f]],
    ["an unknown text shorter than it says", [0xa2, 0x06, 5, 65]],
    ["an unknown number of eight bytes, cut", [0xb1, 0x06, 1, 2]],
    ["an unknown number of four bytes, cut", [0xb5, 0x06, 1]],
    ["a nested message shorter than it says", [0x82, 0x01, 9, 0x0a]],
  ];
  for (const [what, bytes] of broken) {
    assert.throws(() => decodeMessage(Uint8Array.from(bytes), OUTER), { code: "damaged-file" }, what);
  }
});
