/**
 * A table-driven codec for protocol buffers: just enough for ONNX files. Messages are plain objects; unknown fields are
 * kept as bytes and written back, so that a file which passes through us loses nothing.
 *
 * Wire format: https://protobuf.dev/programming-guides/encoding/
 */
import { PatchbayError } from "@patchbay/vocabulary";

type Scalar = "int" | "float" | "string" | "bytes";
export interface FieldDescription {
  readonly number: number;
  readonly type: Scalar | { readonly message: () => MessageDescription };
  readonly repeated?: boolean;
}
export type MessageDescription = Readonly<Record<string, FieldDescription>>;
export type Message = { [field: string]: unknown; unknownFields?: Uint8Array[] };

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;
const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder();

export function encodeMessage(message: Message, description: MessageDescription): Uint8Array {
  const writer = new Writer();
  for (const [name, field] of Object.entries(description)) {
    const value = message[name];
    if (value === undefined) continue;
    const items = field.repeated ? (value as readonly unknown[]) : [value];
    for (const item of items) writeField(writer, field, item);
  }
  for (const raw of message.unknownFields ?? []) writer.raw(raw);
  return writer.finish();
}

function writeField(writer: Writer, field: FieldDescription, value: unknown): void {
  if (typeof field.type === "object") {
    writer.tag(field.number, LENGTH_DELIMITED);
    writer.lengthDelimited(encodeMessage(value as Message, field.type.message()));
  } else if (field.type === "int") {
    writer.tag(field.number, VARINT);
    writer.varint(BigInt(value as number | bigint));
  } else if (field.type === "float") {
    writer.tag(field.number, FIXED32);
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value as number, true);
    writer.raw(bytes);
  } else {
    writer.tag(field.number, LENGTH_DELIMITED);
    writer.lengthDelimited(field.type === "string" ? utf8.encode(value as string) : (value as Uint8Array));
  }
}

export function decodeMessage(bytes: Uint8Array, description: MessageDescription): Message {
  const byNumber = new Map(Object.entries(description).map(([name, field]) => [field.number, { name, field }]));
  const reader = new Reader(bytes);
  const message: Message = {};
  while (!reader.done) {
    const start = reader.position;
    const tag = Number(reader.varint());
    const known = byNumber.get(tag >> 3);
    if (known === undefined) {
      reader.skip(tag & 7);
      message.unknownFields = [...(message.unknownFields ?? []), bytes.slice(start, reader.position)];
      continue;
    }
    const values = readField(reader, known.field, tag & 7);
    if (known.field.repeated) {
      message[known.name] = [...((message[known.name] as unknown[] | undefined) ?? []), ...values];
    } else {
      message[known.name] = values.at(-1);
    }
  }
  return message;
}

function readField(reader: Reader, field: FieldDescription, wire: number): unknown[] {
  if (typeof field.type === "object") return [decodeMessage(reader.lengthDelimited(), field.type.message())];
  if (wire === VARINT) return [signed(reader.varint())];
  if (wire === FIXED32) return [reader.float32()];
  const bytes = reader.lengthDelimited();
  if (field.type === "string") return [fromUtf8.decode(bytes)];
  if (field.type === "bytes") return [bytes];
  // Packed repeated numbers.
  const packed = new Reader(bytes);
  const values: unknown[] = [];
  while (!packed.done) values.push(field.type === "float" ? packed.float32() : signed(packed.varint()));
  return values;
}

function signed(value: bigint): number {
  return Number(BigInt.asIntN(64, value));
}

class Writer {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  raw(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#length += bytes.length;
  }

  varint(value: bigint): void {
    let rest = BigInt.asUintN(64, value);
    const bytes: number[] = [];
    while (rest > 0x7fn) {
      bytes.push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    bytes.push(Number(rest));
    this.raw(Uint8Array.from(bytes));
  }

  tag(field: number, wire: number): void {
    this.varint(BigInt((field << 3) | wire));
  }

  lengthDelimited(bytes: Uint8Array): void {
    this.varint(BigInt(bytes.length));
    this.raw(bytes);
  }

  finish(): Uint8Array {
    const result = new Uint8Array(this.#length);
    let offset = 0;
    for (const part of this.#parts) {
      result.set(part, offset);
      offset += part.length;
    }
    return result;
  }
}

class Reader {
  position = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.position >= this.#bytes.length;
  }

  varint(): bigint {
    let value = 0n;
    let shift = 0n;
    for (;;) {
      const byte = this.#bytes[this.position++];
      if (byte === undefined || shift > 63n) throw damaged(this.position);
      value |= BigInt(byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) return value;
      shift += 7n;
    }
  }

  lengthDelimited(): Uint8Array {
    const length = Number(this.varint());
    if (this.position + length > this.#bytes.length) throw damaged(this.position);
    const bytes = this.#bytes.subarray(this.position, this.position + length);
    this.position += length;
    return bytes;
  }

  float32(): number {
    if (this.position + 4 > this.#bytes.length) throw damaged(this.position);
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.position, 4);
    this.position += 4;
    return view.getFloat32(0, true);
  }

  skip(wire: number): void {
    if (wire === VARINT) this.varint();
    else if (wire === FIXED64) this.position += 8;
    else if (wire === LENGTH_DELIMITED) this.lengthDelimited();
    else if (wire === FIXED32) this.position += 4;
    else throw damaged(this.position);
    if (this.position > this.#bytes.length) throw damaged(this.#bytes.length);
  }
}

function damaged(position: number): PatchbayError {
  return new PatchbayError(
    "damaged-file",
    `The ONNX file breaks off or is not protocol-buffer data near byte ${position}.`,
    {
      advice: "Fetch or export the file again.",
    },
  );
}
