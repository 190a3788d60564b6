export { decodeModel, type EncodedModel, encodeModel, OPERATOR_SET_VERSION } from "./codec.ts";
export {
  type CustomGradient,
  type DifferentiatedGraph,
  type DifferentiateOptions,
  differentiate,
} from "./differentiate/differentiate.ts";
export { inferShapes } from "./differentiate/infer-shapes.ts";
export type { ValueFacts } from "./differentiate/node-facts.ts";
export {
  type AttributeValue,
  type ElementType,
  type Graph,
  type GraphNode,
  type Initializer,
  initializerBytes,
  printGraph,
  type ValueInfo,
  type ValueName,
} from "./graph.ts";
export { GraphBuilder } from "./graph-builder.ts";
