export { type CircuitsState, type CircuitsStore, createCircuitsStore } from "./circuits/circuits-store.ts";
export {
  CHECK_OPERATIONS,
  CIRCUIT_PANELS,
  type CircuitCheck,
  type CircuitPanel,
  type CircuitsView,
  circuitQuestion,
  circuitRequest,
  FIRST_CIRCUITS_VIEW,
  NO_ANNOTATIONS,
  REMOVAL_ORDERS,
  type RemovalOrder,
  USUAL_CHECK,
  USUAL_THRESHOLDS,
} from "./circuits/circuits-view.ts";
export { circuitsViewOf } from "./circuits/decode-circuits.ts";
export { circuitsPath } from "./circuits/encode-circuits.ts";
export { type Command, type CommandRegistry, createCommandRegistry, keyName } from "./command-registry.ts";
export {
  browserHistory,
  createLocationStore,
  type HistoryPort,
  type Location,
  type LocationStore,
} from "./location-store.ts";
export {
  type DecomposePart,
  type DictionaryPart,
  parseRoute,
  pathOfRoute,
  type RoomName,
  type Route,
} from "./route.ts";
export { automaticAlignment, type TokenPair, toggleLink } from "./sweeps/sweep-alignment.ts";
export {
  placeOnAxes,
  type ShownSweep,
  type SweepPanelCells,
  type SweepPicture,
  sharedExtent,
  shownValues,
  sweepOfResult,
  sweepPicture,
  takeSweepEvent,
} from "./sweeps/sweep-cells.ts";
export {
  type Asked,
  edgeRequest,
  exampleLines,
  needsOther,
  readGroups,
  readReceivers,
  sweepRequest,
  tokenRequest,
} from "./sweeps/sweep-requests.ts";
export { decodeSweepsView, encodeSweepsView, sweepsPath } from "./sweeps/sweeps-address.ts";
export {
  axesOfSite,
  FIRST_SWEEPS_VIEW,
  type PanelChoice,
  quarterGroups,
  SWEEP_QUESTIONS,
  SWEEP_SCALES,
  SWEEP_SETUPS,
  SWEEP_SITES,
  type SweepQuestionKind,
  type SweepScale,
  type SweepSetup,
  type SweepsView,
  usualPanel,
  withQuestion,
} from "./sweeps/sweeps-view.ts";
export { type DecodedView, decodeTraceView } from "./trace/decode-view.ts";
export { MOST_DIRECTION_DIMENSIONS, writeDirection } from "./trace/direction-text.ts";
export { encodeTraceView, tracePath } from "./trace/encode-view.ts";
export { type GridCells, type GridQuestion, gridCells, type LensSide, shortProbability } from "./trace/grid-cells.ts";
export {
  depthLabel,
  type LensAnswer,
  lensAnswer,
  type RankedProbability,
  type TrackedToken,
  trackedToken,
} from "./trace/lens-answer.ts";
export {
  CABLE_COLOURS,
  type CableColour,
  cableColour,
  FEATURE_OPERATIONS,
  interventionOf,
  interventionsOf,
  isFeaturePatch,
  isNeuronPatch,
  nextCable,
  PATCH_OPERATIONS,
  type Patch,
  type PatchOperation,
  type PatchOperationName,
  type PatchPositions,
  randomBaseline,
} from "./trace/patch.ts";
export { readPatch, readPlace, writePatch, writePlace } from "./trace/patch-notation.ts";
export {
  type DictionarySite,
  ERROR_MODES,
  type ErrorMode,
  isDictionarySite,
  type PatchSite,
} from "./trace/patch-site.ts";
export {
  detailRequest,
  featureQuery,
  featureRequest,
  generationRequest,
  lensRequest,
  patternRequest,
  runInput,
  trackRequest,
} from "./trace/requests.ts";
export { type DifferenceMark, markDifferences } from "./trace/text-difference.ts";
export { createTraceStore, type TraceState, type TraceStore } from "./trace/trace-store.ts";
export {
  type ChosenFeature,
  COMPARISONS,
  type Comparison,
  type Depth,
  FIRST_PROMPT,
  FIRST_VIEW,
  GREEDY,
  LENS_MEASURES,
  type LensMeasure,
  type SamplingChoice,
  type SelectedCell,
  TRACE_PANELS,
  type TracePanel,
  type TraceView,
} from "./trace/trace-view.ts";
