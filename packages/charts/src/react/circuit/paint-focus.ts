/** What is drawn anew in every frame: the edges of the node that is looked at, rings, labels, the rectangle being drawn. */
import type { CircuitScene } from "../../geometry/circuit/circuit-scene.ts";
import { type CircuitPicture, nodeRadius, paintEdges, paintNodes } from "../../paint/paint-circuit.ts";
import type { StageContent, StageFocus } from "./stage-content.ts";

type Context = CanvasRenderingContext2D;
/** A node's strongest edges; the panel lists all. */
const MOST_EDGES = 400;
const MOST_LABELS = 160;

export function paintFocus(context: Context, picture: CircuitPicture, content: StageContent, focus: StageFocus): void {
  const { transform, palette, scene } = picture;
  const attended = focus.hovered ?? focus.selected;
  if (focus.lit !== undefined) paintNodes(context, scene, [...focus.lit], transform, palette);
  if (attended !== undefined) {
    const edges = strongest(scene, content.adjacency, attended);
    for (let style = 0; style + 1 < picture.start.length; style++)
      paintEdges(
        context,
        picture,
        edges.filter((e) => scene.style[e] === style),
        style,
        1.6,
      );
    const near = new Set([attended, ...edges.flatMap((e) => [scene.source[e] ?? 0, scene.target[e] ?? 0])]);
    paintNodes(context, scene, [...near], transform, palette);
  }
  for (const n of focus.pinned) ring(context, picture, n, palette.ink, 3, 1.4);
  for (const n of focus.chosen) ring(context, picture, n, palette.positive, 4.5, 2);
  if (focus.selected !== undefined) ring(context, picture, focus.selected, palette.negative, 4, 2.4);
  if (focus.hovered !== undefined) ring(context, picture, focus.hovered, palette.ink, 3, 1.6);
  paintLabels(context, picture, content, focus);
  if (focus.rectangle !== undefined) {
    const { x1, y1, x2, y2 } = focus.rectangle;
    context.strokeStyle = palette.positive;
    context.lineWidth = 1;
    context.setLineDash([4, 3]);
    context.strokeRect(Math.min(x1, x2) + 0.5, Math.min(y1, y2) + 0.5, Math.abs(x2 - x1), Math.abs(y2 - y1));
    context.setLineDash([]);
  }
}

function strongest({ weight }: CircuitScene, { start, edges }: StageContent["adjacency"], node: number): number[] {
  const own = Array.from(edges.subarray(start[node], start[node + 1]));
  const size = (e: number) => Math.abs(weight[e] ?? 0);
  return own.length <= MOST_EDGES ? own : own.sort((a, b) => size(b) - size(a)).slice(0, MOST_EDGES);
}

function ring(
  context: Context,
  { scene, transform }: CircuitPicture,
  node: number,
  colour: string,
  gap: number,
  width: number,
): void {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.beginPath();
  context.arc(
    (scene.x[node] ?? 0) * transform.scale + transform.x,
    (scene.y[node] ?? 0) * transform.scale + transform.y,
    nodeRadius(transform) + gap,
    0,
    Math.PI * 2,
  );
  context.stroke();
}

/** Targets, pinned and named nodes say what they are; a label that would cover another is left out. */
function paintLabels(context: Context, picture: CircuitPicture, { labels }: StageContent, focus: StageFocus): void {
  const { scene, transform, palette, width, height } = picture;
  const taken: { left: number; right: number; y: number }[] = [];
  context.textBaseline = "middle";
  context.textAlign = "left";
  let drawn = 0;
  const order = [focus.selected, ...focus.pinned, ...labels.keys()];
  const done = new Set<number>();
  for (const n of order) {
    if (n === undefined || done.has(n) || drawn >= MOST_LABELS) continue;
    done.add(n);
    const text = labels.get(n);
    if (text === undefined || text === "") continue;
    const isTarget = scene.shape[n] === LOGIT;
    const x = (scene.x[n] ?? 0) * transform.scale + transform.x;
    const y = (scene.y[n] ?? 0) * transform.scale + transform.y;
    if (x < 0 || y < 0 || x > width || y > height) continue;
    context.font = isTarget ? `500 11px ${palette.mono}` : `500 11px ${palette.sans}`;
    const room = context.measureText(text).width;
    const gap = nodeRadius(transform) + 5;
    const beside = x + gap + room > width - 4 ? x - gap - room : x + gap;
    const left = isTarget ? Math.min(x - room / 2, width - room - 6) : beside;
    const top = isTarget ? y - nodeRadius(transform) - 8 : y;
    if (taken.some((box) => Math.abs(box.y - top) < 13 && box.left < left + room && box.right > left)) continue;
    taken.push({ left, right: left + room, y: top });
    context.globalAlpha = 0.86;
    context.fillStyle = palette.paper;
    context.fillRect(left - 2, top - 7, room + 4, 14);
    context.globalAlpha = 1;
    context.fillStyle = palette.ink;
    context.fillText(text, left, top + 0.5);
    drawn += 1;
  }
}

/** Place of "logit" among the shapes. */
const LOGIT = 3;
