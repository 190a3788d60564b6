/** Graphs to and from the bytes of an ONNX model file. */
import path from "node:path";
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import type { AttributeValue, ElementType, Graph, GraphNode, Initializer, ValueInfo } from "./graph.ts";
import { ATTRIBUTE_TYPE_NUMBERS, ELEMENT_TYPE_NUMBERS, EXTERNAL_LOCATION, MODEL } from "./onnx-schema.ts";
import { decodeMessage, encodeMessage, type Message } from "./protobuf.ts";

/** Operator set 20 has Gelu; onnxruntime 1.30 knows it whole. */
export const OPERATOR_SET_VERSION = 20;
const IR_VERSION = 9;
const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder();

export interface EncodedModel {
  readonly bytes: Uint8Array;
  /** Folder that external constants are relative to; undefined when there are none. */
  readonly externalFolder: string | undefined;
}

/** @throws PatchbayError `unsupported-model` when external constants lie in folders with no common parent. */
export function encodeModel(graph: Graph): EncodedModel {
  const externalFolder = commonFolder(graph);
  const bytes = encodeMessage(
    {
      irVersion: IR_VERSION,
      producerName: "patchbay",
      operatorSet: [
        { domain: "", version: OPERATOR_SET_VERSION },
        { domain: "com.microsoft", version: 1 },
      ],
      graph: {
        name: graph.name,
        node: graph.nodes.map(nodeToMessage),
        initializer: graph.initializers.map((constant) => initializerToMessage(constant, externalFolder)),
        input: graph.inputs.map(valueToMessage),
        output: graph.outputs.map(valueToMessage),
      },
    },
    MODEL,
  );
  return { bytes, externalFolder };
}

/** Reads a model. External constants are resolved against `folder`. */
export function decodeModel(bytes: Uint8Array, folder = "."): Graph {
  const model = decodeMessage(bytes, MODEL);
  const graph = model["graph"] as Message | undefined;
  if (graph === undefined) {
    throw new PatchbayError("damaged-file", "The file holds no ONNX graph.", { expected: "an ONNX model file" });
  }
  const list = (name: string) => (graph[name] as Message[] | undefined) ?? [];
  return {
    name: (graph["name"] as string | undefined) ?? "",
    nodes: list("node").map(messageToNode),
    initializers: list("initializer").map((message) => messageToInitializer(message, folder)),
    inputs: list("input").map(messageToValue),
    outputs: list("output").map(messageToValue),
  };
}

function commonFolder(graph: Graph): string | undefined {
  const folders = new Set<string>();
  for (const { data } of graph.initializers) if (data.kind === "external") folders.add(path.dirname(data.file));
  if (folders.size > 1) {
    throw new PatchbayError("unsupported-model", "The model's weight files lie in different folders.", {
      expected: "one folder",
      received: [...folders].join(", "),
      advice: "Put all shards into one folder.",
    });
  }
  return [...folders][0];
}

function nodeToMessage(node: GraphNode): Message {
  return {
    input: node.inputs,
    output: node.outputs,
    name: node.name,
    opType: node.operator,
    attribute: Object.entries(node.attributes).map(([name, value]) => attributeToMessage(name, value)),
    ...(node.domain === "" ? {} : { domain: node.domain }),
  };
}

function attributeToMessage(name: string, value: AttributeValue): Message {
  const type = ATTRIBUTE_TYPE_NUMBERS;
  if ("int" in value) return { name, type: type.int, i: value.int };
  if ("float" in value) return { name, type: type.float, f: value.float };
  if ("string" in value) return { name, type: type.string, s: utf8.encode(value.string) };
  if ("ints" in value) return { name, type: type.ints, ints: value.ints };
  return { name, type: type.floats, floats: value.floats };
}

function messageToNode(message: Message): GraphNode {
  const attributes = ((message["attribute"] as Message[] | undefined) ?? []).map(
    (attribute) => [attribute["name"] as string, messageToAttribute(attribute)] as const,
  );
  return {
    operator: message["opType"] as string,
    domain: (message["domain"] as string | undefined) ?? "",
    name: (message["name"] as string | undefined) ?? "",
    inputs: (message["input"] as string[] | undefined) ?? [],
    outputs: (message["output"] as string[] | undefined) ?? [],
    attributes: Object.fromEntries(attributes),
  };
}

function messageToAttribute(message: Message): AttributeValue {
  const type = ATTRIBUTE_TYPE_NUMBERS;
  switch (message["type"]) {
    case type.int:
      return { int: (message["i"] as number | undefined) ?? 0 };
    case type.float:
      return { float: (message["f"] as number | undefined) ?? 0 };
    case type.string:
      return { string: fromUtf8.decode((message["s"] as Uint8Array | undefined) ?? new Uint8Array()) };
    case type.ints:
      return { ints: (message["ints"] as number[] | undefined) ?? [] };
    case type.floats:
      return { floats: (message["floats"] as number[] | undefined) ?? [] };
    default:
      throw new PatchbayError(
        "unsupported-model",
        `Attribute "${String(message["name"])}" has a type that is not supported.`,
        {
          expected: "int, float, string, ints or floats",
          received: `attribute type ${String(message["type"])}`,
        },
      );
  }
}

function initializerToMessage(constant: Initializer, folder: string | undefined): Message {
  const common = {
    name: constant.name,
    dataType: ELEMENT_TYPE_NUMBERS[constant.type],
    dims: constant.shape,
  };
  const { data } = constant;
  if (data.kind === "inline") return { ...common, rawData: data.bytes };
  return {
    ...common,
    dataLocation: EXTERNAL_LOCATION,
    externalData: [
      { key: "location", value: path.relative(ensureDefined(folder), data.file) },
      { key: "offset", value: String(data.offset) },
      { key: "length", value: String(data.length) },
    ],
  };
}

function messageToInitializer(message: Message, folder: string): Initializer {
  const common = {
    name: message["name"] as string,
    type: elementTypeOf(message["dataType"] as number),
    shape: (message["dims"] as number[] | undefined) ?? [],
  };
  if (message["dataLocation"] === EXTERNAL_LOCATION) {
    const entries = Object.fromEntries(
      ((message["externalData"] as { key: string; value: string }[] | undefined) ?? []).map(({ key, value }) => [
        key,
        value,
      ]),
    );
    return {
      ...common,
      data: {
        kind: "external",
        file: path.resolve(folder, entries["location"] ?? ""),
        offset: Number(entries["offset"] ?? 0),
        length: Number(entries["length"] ?? 0),
      },
    };
  }
  return { ...common, data: { kind: "inline", bytes: inlineBytes(message) } };
}

/** ONNX allows small constants as typed lists; everything becomes raw little-endian bytes. */
function inlineBytes(message: Message): Uint8Array {
  if (message["rawData"] !== undefined) return message["rawData"] as Uint8Array;
  const floats = message["floatData"] as number[] | undefined;
  if (floats !== undefined) return new Uint8Array(Float32Array.from(floats).buffer);
  const wide = message["int64Data"] as number[] | undefined;
  if (wide !== undefined) return new Uint8Array(BigInt64Array.from(wide, BigInt).buffer);
  return new Uint8Array(Int32Array.from((message["int32Data"] as number[] | undefined) ?? []).buffer);
}

function valueToMessage({ name, type, shape }: ValueInfo): Message {
  const dim = shape.map((length) => (typeof length === "number" ? { dimValue: length } : { dimParam: length }));
  return { name, type: { tensorType: { elemType: ELEMENT_TYPE_NUMBERS[type], shape: { dim } } } };
}

function messageToValue(message: Message): ValueInfo {
  const tensorType = (message["type"] as Message | undefined)?.["tensorType"] as Message | undefined;
  const dimensions = ((tensorType?.["shape"] as Message | undefined)?.["dim"] as Message[] | undefined) ?? [];
  return {
    name: message["name"] as string,
    type: elementTypeOf((tensorType?.["elemType"] as number | undefined) ?? ELEMENT_TYPE_NUMBERS.float32),
    shape: dimensions.map(
      (dimension) =>
        (dimension["dimParam"] as string | undefined) ?? (dimension["dimValue"] as number | undefined) ?? "?",
    ),
  };
}

function elementTypeOf(number: number): ElementType {
  for (const [type, code] of Object.entries(ELEMENT_TYPE_NUMBERS)) if (code === number) return type as ElementType;
  throw new PatchbayError("unsupported-model", `ONNX element type ${number} is not supported.`);
}
