/**
 * Nodes and edges of a circuit on any two-dimensional canvas: of the page, or of a worker that paints a picture the page only
 * moves. Text is the page's business.
 */
import {
  CIRCUIT_SHAPES,
  type CircuitScene,
  type CircuitTransform,
  NODE_RADIUS,
} from "../geometry/circuit/circuit-scene.ts";
import {
  EDGE_OPACITIES,
  EDGE_WIDTHS,
  isNegativeStyle,
  NEGATIVE_DASH,
  WIDTH_CLASSES,
  widthClass,
} from "../geometry/circuit/edge-style.ts";
import { type CircuitPalette, groupColour } from "./circuit-palette.ts";

/** What both kinds of canvas context have. */
export type PaintContext = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

export interface CircuitPicture {
  readonly scene: CircuitScene;
  /** Edges in the order of their style, and where each style begins: `edgeBatches`. */
  readonly order: Uint32Array;
  readonly start: Uint32Array;
  readonly transform: CircuitTransform;
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
  readonly palette: CircuitPalette;
}

/** Beyond so many edges lines are straight: curves cannot be followed there, and cost five times as much. */
const MOST_CURVES = 9_000;
/** A path of many pieces is slow to fill in software; of few, there are many calls. */
const PIECES = 256;
/** More edges than that are drawn fainter, or the figure would be one blot. */
const FULL_OPACITY_EDGES = 8_000;

export function paintCircuit(context: PaintContext, picture: CircuitPicture): void {
  const { scene, order, start, transform, width, height, palette } = picture;
  // Both signs in turn, piece by piece: neither may cover the other where there are many.
  const fade = Math.min(1, Math.sqrt(FULL_OPACITY_EDGES / Math.max(1, order.length)));
  for (let kind = 0; kind < WIDTH_CLASSES; kind++) {
    const [positive, negative] = [kind, kind + WIDTH_CLASSES].map((style) =>
      order.subarray(start[style], start[style + 1]),
    );
    if (positive === undefined || negative === undefined) continue;
    for (let begin = 0; begin < Math.max(positive.length, negative.length); begin += PIECES) {
      paintEdges(context, picture, positive.subarray(begin, begin + PIECES), kind, fade);
      paintEdges(context, picture, negative.subarray(begin, begin + PIECES), kind + WIDTH_CLASSES, fade);
    }
  }
  const margin = 2 * NODE_RADIUS * Math.max(1, transform.scale);
  const shown: number[] = [];
  for (let n = 0; n < scene.x.length; n++) {
    const x = (scene.x[n] ?? 0) * transform.scale + transform.x;
    const y = (scene.y[n] ?? 0) * transform.scale + transform.y;
    if (x > -margin && y > -margin && x < width + margin && y < height + margin) shown.push(n);
  }
  paintNodes(context, scene, shown, transform, palette);
}

/** Edges of one style. @param emphasis multiplies their opacity and width. */
export function paintEdges(
  context: PaintContext,
  { scene, transform, width, height, palette, order }: CircuitPicture,
  edges: ArrayLike<number>,
  style: number,
  emphasis: number,
): void {
  if (edges.length === 0) return;
  const { source, target, x, y } = scene;
  const { scale } = transform;
  const kind = widthClass(style);
  const negative = isNegativeStyle(style);
  const curved = order.length <= MOST_CURVES || emphasis > 1;
  context.strokeStyle = negative ? palette.negative : palette.positive;
  context.globalAlpha = Math.min(1, (EDGE_OPACITIES[kind] ?? 1) * emphasis);
  context.lineWidth = (EDGE_WIDTHS[kind] ?? 1) * Math.min(2, Math.max(0.6, scale)) * (emphasis > 1 ? 1.3 : 1);
  context.setLineDash(negative && (kind > 0 || emphasis > 1) ? [...NEGATIVE_DASH] : []);
  let pieces = 0;
  context.beginPath();
  for (let i = 0; i < edges.length; i++) {
    const e = edges[i] ?? 0;
    const [from, to] = [source[e] ?? 0, target[e] ?? 0];
    const x1 = (x[from] ?? 0) * scale + transform.x;
    const y1 = (y[from] ?? 0) * scale + transform.y;
    const x2 = (x[to] ?? 0) * scale + transform.x;
    const y2 = (y[to] ?? 0) * scale + transform.y;
    if ((x1 < 0 && x2 < 0) || (y1 < 0 && y2 < 0) || (x1 > width && x2 > width) || (y1 > height && y2 > height))
      continue;
    context.moveTo(x1, y1);
    if (curved) {
      const bend = (y1 - y2) * 0.42;
      context.bezierCurveTo(x1, y1 - bend, x2, y2 + bend, x2, y2);
    } else context.lineTo(x2, y2);
    pieces += 1;
    if (pieces < PIECES) continue;
    context.stroke();
    context.beginPath();
    pieces = 0;
  }
  if (pieces > 0) context.stroke();
  context.setLineDash([]);
  context.globalAlpha = 1;
}

/** Circle: feature. Diamond: error. Square: token. Box: target. Triangle: bias. */
export function paintNodes(
  context: PaintContext,
  scene: CircuitScene,
  nodes: ArrayLike<number>,
  transform: CircuitTransform,
  palette: CircuitPalette,
): void {
  const radius = nodeRadius(transform);
  context.setLineDash([]);
  context.lineWidth = Math.max(0.7, Math.min(1.6, transform.scale * 1.1));
  // One path a look: filling it once is much cheaper than every node on its own.
  const looks = new Map<string, { readonly shape: number; readonly group: number; readonly nodes: number[] }>();
  for (let i = 0; i < nodes.length; i++) {
    const n = nodes[i] ?? 0;
    const [shape, group] = [scene.shape[n] ?? 0, scene.group[n] ?? -1];
    const key = `${shape} ${group}`;
    const look = looks.get(key);
    if (look === undefined) looks.set(key, { shape, group, nodes: [n] });
    else look.nodes.push(n);
  }
  for (const look of looks.values()) {
    const colour = groupColour(palette, look.group);
    const shape = CIRCUIT_SHAPES[look.shape] ?? "other";
    const [fill, stroke] = looksOf(shape, palette);
    context.fillStyle = colour ?? fill;
    context.strokeStyle = colour === undefined ? stroke : palette.ink;
    for (let begin = 0; begin < look.nodes.length; begin += PIECES) {
      context.beginPath();
      for (const n of look.nodes.slice(begin, begin + PIECES)) {
        const px = (scene.x[n] ?? 0) * transform.scale + transform.x;
        const py = (scene.y[n] ?? 0) * transform.scale + transform.y;
        traceShape(context, shape, px, py, radius);
      }
      context.fill();
      context.stroke();
    }
  }
}

export function nodeRadius({ scale }: CircuitTransform): number {
  return NODE_RADIUS * Math.min(2.2, Math.max(0.28, scale));
}

export function looksOf(shape: (typeof CIRCUIT_SHAPES)[number], palette: CircuitPalette): readonly [string, string] {
  if (shape === "error") return [palette.faint, palette.quiet];
  if (shape === "token") return [palette.ink, palette.ink];
  if (shape === "logit") return [palette.ink, palette.ink];
  if (shape === "bias") return [palette.surface, palette.quiet];
  if (shape === "other") return [palette.surface, palette.faint];
  return [palette.surface, palette.ink];
}

/** Adds the outline of a node to the path. */
export function traceShape(
  context: PaintContext,
  shape: (typeof CIRCUIT_SHAPES)[number],
  x: number,
  y: number,
  radius: number,
): void {
  if (shape === "error") {
    const r = radius * 1.15;
    context.moveTo(x, y - r);
    context.lineTo(x + r, y);
    context.lineTo(x, y + r);
    context.lineTo(x - r, y);
    context.closePath();
  } else if (shape === "token" || shape === "other") {
    const r = radius * 0.86;
    context.rect(x - r, y - r, 2 * r, 2 * r);
  } else if (shape === "logit") {
    context.rect(x - radius * 1.5, y - radius * 0.8, radius * 3, radius * 1.6);
  } else if (shape === "bias") {
    context.moveTo(x, y - radius);
    context.lineTo(x + radius, y + radius * 0.8);
    context.lineTo(x - radius, y + radius * 0.8);
    context.closePath();
  } else {
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, Math.PI * 2);
  }
}
