export { canonicalJson } from "./canonical-json.ts";
export {
  ERROR_CODES,
  type ErrorCode,
  type ErrorFacts,
  ensureDefined,
  InvariantError,
  invariant,
  PatchbayError,
} from "./errors.ts";
export {
  type AxisName,
  describeSite,
  editDistance,
  isResidualStreamKind,
  isSiteKind,
  nameOf,
  parseSite,
  RESIDUAL_STREAM_KINDS,
  type ResidualStreamKind,
  SITE_KINDS,
  SITES,
  type Site,
  type SiteDescription,
  type SiteKind,
  siteName,
} from "./hook-site.ts";
export { headLabel, type NeuronAddress, neuronLabel, parseNeuronLabel } from "./labels.ts";
export {
  axisIndex,
  axisLength,
  concatenateAlong,
  selectAlong,
  sizeOfShape,
  type Tensor,
  type TensorData,
  tensor,
} from "./tensor.ts";
