/**
 * What a picture of a circuit is made of, as columns of numbers: cheap to hand from a worker, cheap to walk over. A node is
 * its place in these columns; only what is shown is in them.
 */

/** In the order of the codes that a scene holds. */
export const CIRCUIT_SHAPES = ["feature", "error", "token", "logit", "bias", "other"] as const;
export type CircuitShape = (typeof CIRCUIT_SHAPES)[number];

export function shapeCode(shape: CircuitShape): number {
  return CIRCUIT_SHAPES.indexOf(shape);
}

export interface CircuitScene {
  /** One entry a node: its place in `CIRCUIT_SHAPES`. */
  readonly shape: Uint8Array;
  /** One entry a node: the colour of its group, −1 for none. */
  readonly group: Int16Array;
  /** One entry an edge: nodes; information flows from source to target. */
  readonly source: Uint32Array;
  readonly target: Uint32Array;
  readonly weight: Float64Array;
  /** One entry an edge: see `edgeStyle`. */
  readonly style: Uint8Array;
  /** One entry a node, in units of the drawing; y grows downwards. */
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** Where the drawing stands on the screen: screen = scale · unit + offset, in CSS pixels. */
export interface CircuitTransform {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

/** A node's radius in units of the drawing. */
export const NODE_RADIUS = 4.6;
