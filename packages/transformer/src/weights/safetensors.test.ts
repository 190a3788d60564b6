import assert from "node:assert/strict";
import { test } from "node:test";
import { type Tensor, type TensorData, tensor } from "@patchbay/vocabulary";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";

const TENSORS: ReadonlyMap<string, Tensor<TensorData>> = new Map<string, Tensor<TensorData>>([
  ["bytes", tensor(["token"], [3], Uint8Array.of(1, 2, 255))],
  ["values", tensor(["position", "neuron"], [2, 3], Float32Array.of(0, -1.5, Infinity, -Infinity, 1e-40, 3))],
  ["counts", tensor(["neuron"], [2], Int32Array.of(-7, 2 ** 31 - 1))],
  ["large", tensor(["neuron"], [2], BigInt64Array.of(-1n, 2n ** 62n))],
  ["exact", tensor(["neuron"], [1], Float64Array.of(Math.PI))],
  ["scalar", tensor([], [], Float32Array.of(42))],
  ["empty", tensor(["position", "neuron"], [0, 4], new Float32Array())],
]);

test("what is encoded comes back: values, shapes, axes, metadata", () => {
  const { tensors, metadata } = decodeSafetensors(encodeSafetensors(TENSORS, { made: "here" }));
  assert.deepEqual(metadata, { made: "here" });
  assert.deepEqual([...tensors.keys()].toSorted(), [...TENSORS.keys()].toSorted());
  for (const [name, expected] of TENSORS) assert.deepEqual(tensors.get(name), expected, name);
});

test("the data starts at a multiple of 64 bytes, and every tensor at a multiple of its element", () => {
  const bytes = encodeSafetensors(TENSORS);
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  assert.equal((8 + length) % 64, 0);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Record<
    string,
    { data_offsets: number[] }
  >;
  for (const [name, { data }] of TENSORS)
    assert.equal((header[name]?.data_offsets[0] ?? -1) % data.BYTES_PER_ELEMENT, 0, name);
});

test("a view into a larger buffer is written without its neighbours", () => {
  const view = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
  const { tensors } = decodeSafetensors(encodeSafetensors([["view", tensor(["neuron"], [2], view)]]));
  assert.deepEqual(tensors.get("view")?.data, Float32Array.of(2, 3));
});

test("bytes at an odd place in memory decode the same", () => {
  const bytes = encodeSafetensors(TENSORS);
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  assert.deepEqual(decodeSafetensors(shifted.subarray(1)), decodeSafetensors(bytes));
});

test("half and brain floats are widened exactly", () => {
  const halves = Uint16Array.of(0x3c00, 0xc000, 0x7c00, 0xfc00, 0x0001, 0x8000, 0x7bff, 0x3555);
  const brains = Uint16Array.of(0x3f80, 0xc000, 0x7f80, 0x0001);
  const { tensors } = decodeSafetensors(
    fileOf(
      {
        half: { dtype: "F16", shape: [8], data_offsets: [0, 16] },
        brain: { dtype: "BF16", shape: [2, 2], data_offsets: [16, 24] },
      },
      Buffer.concat([Buffer.from(halves.buffer), Buffer.from(brains.buffer)]),
    ),
  );
  const expected = [1, -2, Infinity, -Infinity, 2 ** -24, -0, 65504, 0.333251953125];
  assert.deepEqual(tensors.get("half")?.data, Float32Array.from(expected));
  assert.deepEqual(tensors.get("brain")?.data, Float32Array.of(1, -2, Infinity, 2 ** -133));
  assert.deepEqual(tensors.get("brain")?.axes, ["axis0", "axis1"]);
});

const GOOD = { dtype: "F32", shape: [2], data_offsets: [0, 8] };
const DAMAGED: readonly [string, Uint8Array, RegExp][] = [
  ["too short", new Uint8Array(4), /too short/],
  ["a header longer than the file", Uint8Array.of(255, 0, 0, 0, 0, 0, 0, 0, 123), /impossible header length/],
  ["a huge header length", new Uint8Array(64).fill(255), /impossible header length/],
  ["not JSON", withHeader("{ nonsense"), /not JSON/],
  ["a list for a header", withHeader("[1, 2]"), /wrong form/],
  ["an end beyond the file", fileOf({ a: GOOD }, new Uint8Array(7)), /ends before tensor "a"/],
  ["overlapping tensors", fileOf({ a: GOOD, b: { ...GOOD, data_offsets: [4, 12] } }, new Uint8Array(12)), /same bytes/],
  ["a shape that does not fit", fileOf({ a: { ...GOOD, shape: [3] } }, new Uint8Array(8)), /12 bytes for shape 3/],
  ["offsets the wrong way round", fileOf({ a: { ...GOOD, data_offsets: [8, 0] } }, new Uint8Array(8)), /wrongly/],
  ["a negative length", fileOf({ a: { ...GOOD, shape: [-2] } }, new Uint8Array(8)), /whole numbers/],
  ["metadata that is not text", withHeader('{"__metadata__": {"a": 1}}'), /metadata/],
];
for (const [what, bytes, message] of DAMAGED) {
  test(`${what} is refused`, () => {
    assert.throws(
      () => decodeSafetensors(bytes),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, "damaged-file");
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

test("a type that we do not know is named", () => {
  const bytes = fileOf({ a: { dtype: "F8_E4M3", shape: [8], data_offsets: [0, 8] } }, new Uint8Array(8));
  assert.throws(() => decodeSafetensors(bytes), { code: "unsupported-model", message: /F8_E4M3/ });
});

function fileOf(header: unknown, data: Uint8Array): Uint8Array {
  return Buffer.concat([withHeader(JSON.stringify(header)), data]);
}

function withHeader(json: string): Uint8Array {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(json)));
  return Buffer.concat([length, Buffer.from(json)]);
}
