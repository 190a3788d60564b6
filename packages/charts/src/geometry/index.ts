export { type ArcSpace, type AttentionArc, attentionArcs } from "./attention-arcs.ts";
export { type BinnedHistogramGeometry, type Bins, binnedHistogram } from "./binned-histogram.ts";
export { type CableRun, cableLanes, cablePath } from "./cable-path.ts";
export { type CircuitLayout, type CircuitLayoutInput, circuitLayout } from "./circuit/circuit-layout.ts";
export {
  CIRCUIT_SHAPES,
  type CircuitScene,
  type CircuitShape,
  type CircuitTransform,
  NODE_RADIUS,
  shapeCode,
} from "./circuit/circuit-scene.ts";
export { type CircuitDrawing, circuitSvg, MOST_SVG_EDGES } from "./circuit/circuit-svg.ts";
export { type DeletionPoint, deletionCurve } from "./circuit/deletion-curve.ts";
export {
  EDGE_OPACITIES,
  EDGE_WIDTHS,
  edgeBatches,
  edgeStyle,
  edgeStyles,
  edgesOfNodes,
  isNegativeStyle,
  NEGATIVE_DASH,
  WIDTH_CLASSES,
  widthClass,
} from "./circuit/edge-style.ts";
export { type PredictedPoint, predictedScatter } from "./circuit/predicted-scatter.ts";
export {
  BOX_HEIGHT,
  type SubgraphItem,
  type SubgraphLayout,
  subgraphEdge,
  subgraphLayout,
} from "./circuit/subgraph-layout.ts";
export { type CircuitStep, walkCircuit } from "./circuit/walk-circuit.ts";
export { type ColourScale, contrast, divergingScale, sequentialScale, type ThemeName } from "./colour-scale.ts";
export {
  type DepthCurvePoint,
  type DepthCurveSpace,
  depthCurvePath,
  depthCurvePoints,
  spacedLabels,
} from "./depth-curve.ts";
export { type AxisTick, type DoseResponseData, type DoseResponseGeometry, doseResponse } from "./dose-response.ts";
export {
  type DiagramEdge,
  type DiagramNode,
  type EdgeDiagramGeometry,
  edgeDiagram,
  NODE_HEIGHT,
} from "./edge-diagram.ts";
export { type ErrorScatterGeometry, errorScatter } from "./error-scatter.ts";
export { fitFontSize, fitMonospace, MONOSPACE_EM } from "./fit-text.ts";
export { type GridCaption, type GridContent, gridToCsv, gridToSvg } from "./grid-export.ts";
export {
  type CellAddress,
  cellAt,
  type GridLayout,
  type GridSpace,
  layoutGrid,
  MAXIMUM_ZOOM,
  scrollToShow,
  usefulZoom,
  type VisibleRange,
  visibleCells,
  walk,
} from "./grid-layout.ts";
export { type HistogramGeometry, histogram } from "./histogram.ts";
export { type IntervalBarsGeometry, intervalBars } from "./interval-bars.ts";
export { type LineSeries, type LineSeriesGeometry, lineSeries, nearestPoint } from "./line-series.ts";
export { neuronScatter, type ScatterGeometry, type ScatterSize } from "./neuron-scatter.ts";
export { type StackedBarGeometry, stackedBar } from "./stacked-bar.ts";
export {
  type AlignedBox,
  type AlignmentLink,
  type TokenAlignmentGeometry,
  tokenAlignment,
} from "./token-alignment.ts";
export { type HeatToken, type TokenHeat, tokenHeat } from "./token-heat.ts";
export { scrollToReveal, type VirtualWindow, virtualWindow } from "./virtual-window.ts";
