export { type AxisTick, type DoseResponseData, type DoseResponseGeometry, doseResponse } from "./dose-response.ts";
export { type HistogramGeometry, histogram } from "./histogram.ts";
export { neuronScatter, type ScatterGeometry, type ScatterSize } from "./neuron-scatter.ts";
export { type HeatToken, type TokenHeat, tokenHeat } from "./token-heat.ts";
export { scrollToReveal, type VirtualWindow, virtualWindow } from "./virtual-window.ts";
