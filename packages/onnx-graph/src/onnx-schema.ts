/** The messages of onnx.proto3 that we read and write, as field tables. Numbers are ONNX's. */
import type { MessageDescription } from "./protobuf.ts";

const repeated = true;

const STRING_ENTRY: MessageDescription = { key: { number: 1, type: "string" }, value: { number: 2, type: "string" } };

const TENSOR: MessageDescription = {
  dims: { number: 1, type: "int", repeated },
  dataType: { number: 2, type: "int" },
  floatData: { number: 4, type: "float", repeated },
  int32Data: { number: 5, type: "int", repeated },
  int64Data: { number: 7, type: "int", repeated },
  name: { number: 8, type: "string" },
  rawData: { number: 9, type: "bytes" },
  externalData: { number: 13, type: { message: () => STRING_ENTRY }, repeated },
  dataLocation: { number: 14, type: "int" },
};

const ATTRIBUTE: MessageDescription = {
  name: { number: 1, type: "string" },
  f: { number: 2, type: "float" },
  i: { number: 3, type: "int" },
  s: { number: 4, type: "bytes" },
  t: { number: 5, type: { message: () => TENSOR } },
  floats: { number: 7, type: "float", repeated },
  ints: { number: 8, type: "int", repeated },
  type: { number: 20, type: "int" },
};

const NODE: MessageDescription = {
  input: { number: 1, type: "string", repeated },
  output: { number: 2, type: "string", repeated },
  name: { number: 3, type: "string" },
  opType: { number: 4, type: "string" },
  attribute: { number: 5, type: { message: () => ATTRIBUTE }, repeated },
  domain: { number: 7, type: "string" },
};

const DIMENSION: MessageDescription = {
  dimValue: { number: 1, type: "int" },
  dimParam: { number: 2, type: "string" },
};
const SHAPE: MessageDescription = { dim: { number: 1, type: { message: () => DIMENSION }, repeated } };
const TENSOR_TYPE: MessageDescription = {
  elemType: { number: 1, type: "int" },
  shape: { number: 2, type: { message: () => SHAPE } },
};
const TYPE: MessageDescription = { tensorType: { number: 1, type: { message: () => TENSOR_TYPE } } };
const VALUE_INFO: MessageDescription = {
  name: { number: 1, type: "string" },
  type: { number: 2, type: { message: () => TYPE } },
};

const GRAPH: MessageDescription = {
  node: { number: 1, type: { message: () => NODE }, repeated },
  name: { number: 2, type: "string" },
  initializer: { number: 5, type: { message: () => TENSOR }, repeated },
  input: { number: 11, type: { message: () => VALUE_INFO }, repeated },
  output: { number: 12, type: { message: () => VALUE_INFO }, repeated },
};

const OPERATOR_SET: MessageDescription = { domain: { number: 1, type: "string" }, version: { number: 2, type: "int" } };

export const MODEL: MessageDescription = {
  irVersion: { number: 1, type: "int" },
  producerName: { number: 2, type: "string" },
  graph: { number: 7, type: { message: () => GRAPH } },
  operatorSet: { number: 8, type: { message: () => OPERATOR_SET }, repeated },
};

/** TensorProto.DataType. */
export const ELEMENT_TYPE_NUMBERS = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  bfloat16: 16,
} as const;

/** AttributeProto.AttributeType. */
export const ATTRIBUTE_TYPE_NUMBERS = { float: 1, int: 2, string: 3, tensor: 4, floats: 6, ints: 7 } as const;

export const EXTERNAL_LOCATION = 1;
