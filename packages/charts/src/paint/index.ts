export { type CircuitPalette, groupColour } from "./circuit-palette.ts";
export {
  type CircuitPicture,
  nodeRadius,
  type PaintContext,
  paintCircuit,
  paintEdges,
  paintNodes,
} from "./paint-circuit.ts";
