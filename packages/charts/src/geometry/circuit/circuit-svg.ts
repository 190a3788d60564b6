/** A circuit as a vector drawing that stands alone on paper: axes, legend, units and the prompt are part of it. */
import { fitMonospace, MONOSPACE_EM } from "../fit-text.ts";
import type { CircuitLayout } from "./circuit-layout.ts";
import { CIRCUIT_SHAPES, type CircuitScene, type CircuitShape, NODE_RADIUS } from "./circuit-scene.ts";
import { EDGE_OPACITIES, EDGE_WIDTHS, isNegativeStyle, NEGATIVE_DASH, widthClass } from "./edge-style.ts";
import { placeLabels } from "./place-labels.ts";

export interface CircuitDrawing {
  readonly scene: CircuitScene;
  readonly layout: Omit<CircuitLayout, "x" | "y">;
  readonly order: Uint32Array;
  readonly start: Uint32Array;
  readonly tokens: readonly string[];
  readonly layers: number;
  readonly errorShares: readonly (number | null)[];
  readonly labels: ReadonlyMap<number, string>;
  /** First line: the prompt. Then what the figure says of itself, one line each. */
  readonly title: string;
  readonly caption: readonly string[];
  readonly colours: {
    readonly paper: string;
    readonly surface: string;
    readonly ink: string;
    readonly quiet: string;
    readonly faint: string;
    readonly line: string;
    readonly positive: string;
    readonly negative: string;
    readonly groups: readonly string[];
  };
}

/** An SVG with more paths than that opens nowhere. */
export const MOST_SVG_EDGES = 20_000;
const LEFT = 74;
const TOP = 44;
const FOOT = 46;
const LINE = 15;
/** Mean advance of the sans face at 10 pixels. */
const SANS_ADVANCE = 5.5;

/** @returns the document and how many of the faintest edges it leaves out. */
export function circuitSvg(drawing: CircuitDrawing): { readonly svg: string; readonly leftOut: number } {
  const { layout, colours, layers } = drawing;
  const width = Math.ceil(LEFT + layout.width + 24);
  const height = Math.ceil(TOP + layout.height + FOOT + (drawing.caption.length + 2) * LINE + 12);
  const parts: string[] = [];
  const text = (x: number, y: number, content: string, attributes: string) =>
    parts.push(`<text x="${at(x)}" y="${at(y)}" ${attributes}>${escapeXml(content)}</text>`);
  const left = (x: number) => LEFT + x;
  const down = (y: number) => TOP + y;

  text(16, 24, drawing.title, `class="m" font-size="13" font-weight="600" fill="${colours.ink}"`);
  for (const row of layout.rows) {
    const y = down(row.top + row.height / 2);
    const name = row.layer === layers ? "targets" : row.layer < 0 ? "tokens" : `L${row.layer}`;
    const share = drawing.errorShares[row.layer] ?? null;
    text(LEFT - 12, y + 4, name, `text-anchor="end" font-size="11" fill="${colours.quiet}"`);
    if (share !== null)
      text(
        LEFT - 12,
        y + 15,
        `error ${Math.round(share * 100)} %`,
        `text-anchor="end" font-size="8.5" fill="${colours.quiet}"`,
      );
  }
  const leftOut = drawEdges(drawing, parts);
  drawNodes(drawing, parts);
  drawLabels(drawing, parts, width);
  const floor = down(layout.height);
  parts.push(`<path d="M${LEFT} ${at(floor)}H${at(LEFT + layout.width)}" stroke="${colours.line}"/>`);
  layout.columns.forEach((column, position) => {
    const x = left(column.left + column.width / 2);
    const token = fitMonospace(drawing.tokens[position] ?? "", column.width, 11 * MONOSPACE_EM);
    text(x, floor + 16, token, `class="m" text-anchor="middle" font-size="11" fill="${colours.ink}"`);
    text(x, floor + 30, String(position), `text-anchor="middle" font-size="9" fill="${colours.quiet}"`);
  });
  drawLegend(drawing, parts, floor + FOOT + 8);
  drawing.caption.forEach((line, i) => {
    text(16, floor + FOOT + 8 + (i + 1.5) * LINE, line, `font-size="10.5" fill="${colours.quiet}"`);
  });
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Inter, system-ui, sans-serif">`,
    `<style>.m{font-family:"JetBrains Mono",ui-monospace,monospace;white-space:pre}</style>`,
    `<rect width="${width}" height="${height}" fill="${colours.paper}"/>`,
    ...parts,
    "</svg>",
  ].join("\n");
  return { svg, leftOut };
}

function drawEdges({ scene, order, start, colours }: CircuitDrawing, parts: string[]): number {
  const { source, target, x, y } = scene;
  const strongest = new Set<number>();
  if (order.length > MOST_SVG_EDGES) {
    const byWeight = Array.from(order).sort((a, b) => Math.abs(scene.weight[b] ?? 0) - Math.abs(scene.weight[a] ?? 0));
    for (const e of byWeight.slice(0, MOST_SVG_EDGES)) strongest.add(e);
  }
  for (let style = 0; style + 1 < start.length; style++) {
    const pieces: string[] = [];
    for (const e of order.subarray(start[style], start[style + 1])) {
      if (order.length > MOST_SVG_EDGES && !strongest.has(e)) continue;
      const [from, to] = [source[e] ?? 0, target[e] ?? 0];
      const [x1, y1, x2, y2] = [LEFT + (x[from] ?? 0), TOP + (y[from] ?? 0), LEFT + (x[to] ?? 0), TOP + (y[to] ?? 0)];
      const bend = (y1 - y2) * 0.42;
      pieces.push(`M${at(x1)} ${at(y1)}C${at(x1)} ${at(y1 - bend)} ${at(x2)} ${at(y2 + bend)} ${at(x2)} ${at(y2)}`);
    }
    if (pieces.length === 0) continue;
    const kind = widthClass(style);
    const dash = isNegativeStyle(style) && kind > 0 ? ` stroke-dasharray="${NEGATIVE_DASH.join(" ")}"` : "";
    const colour = isNegativeStyle(style) ? colours.negative : colours.positive;
    parts.push(
      `<path d="${pieces.join("")}" fill="none" stroke="${colour}" stroke-width="${EDGE_WIDTHS[kind]}" stroke-opacity="${EDGE_OPACITIES[kind]}"${dash}/>`,
    );
  }
  return order.length > MOST_SVG_EDGES ? order.length - MOST_SVG_EDGES : 0;
}

function drawNodes({ scene, colours }: CircuitDrawing, parts: string[]): void {
  for (let n = 0; n < scene.x.length; n++) {
    const shape = CIRCUIT_SHAPES[scene.shape[n] ?? 0] ?? "other";
    const group = scene.group[n] ?? -1;
    const colour = group < 0 ? undefined : colours.groups[group % colours.groups.length];
    parts.push(shapeSvg(shape, LEFT + (scene.x[n] ?? 0), TOP + (scene.y[n] ?? 0), colours, colour));
  }
}

function shapeSvg(
  shape: CircuitShape,
  x: number,
  y: number,
  colours: CircuitDrawing["colours"],
  colour: string | undefined,
): string {
  const r = NODE_RADIUS;
  const solid = shape === "token" || shape === "logit";
  const fill = colour ?? (solid ? colours.ink : shape === "error" ? colours.faint : colours.surface);
  const look = `fill="${fill}" stroke="${shape === "error" || shape === "bias" ? colours.quiet : colours.ink}"`;
  if (shape === "feature") return `<circle cx="${at(x)}" cy="${at(y)}" r="${r}" ${look}/>`;
  if (shape === "error")
    return `<path d="M${at(x)} ${at(y - r * 1.15)}l${at(r * 1.15)} ${at(r * 1.15)}l${at(-r * 1.15)} ${at(r * 1.15)}l${at(-r * 1.15)} ${at(-r * 1.15)}z" ${look}/>`;
  if (shape === "bias")
    return `<path d="M${at(x)} ${at(y - r)}L${at(x + r)} ${at(y + r * 0.8)}L${at(x - r)} ${at(y + r * 0.8)}z" ${look}/>`;
  const [w, h] = shape === "logit" ? [r * 3, r * 1.6] : [r * 1.72, r * 1.72];
  return `<rect x="${at(x - w / 2)}" y="${at(y - h / 2)}" width="${at(w)}" height="${at(h)}" ${look}/>`;
}

function drawLabels({ scene, labels, colours }: CircuitDrawing, parts: string[], width: number): void {
  const named = [...labels].filter(([, label]) => label !== "");
  const isTarget = (n: number) => CIRCUIT_SHAPES[scene.shape[n] ?? 0] === "logit";
  const wishes = named.map(([n, label]) => ({
    x: LEFT + (scene.x[n] ?? 0),
    y: TOP + (scene.y[n] ?? 0),
    width: label.length * (isTarget(n) ? 10.5 * MONOSPACE_EM : SANS_ADVANCE),
    isAbove: isTarget(n),
  }));
  const nodes = { x: scene.x.map((x) => LEFT + x), y: scene.y.map((y) => TOP + y) };
  const places = placeLabels(wishes, NODE_RADIUS + 4, { left: LEFT, right: width - 4 }, nodes);
  const halo = `paint-order="stroke" stroke="${colours.paper}" stroke-width="3"`;
  for (const [i, [n, label]] of named.entries()) {
    const { left = 0, baseline = 0 } = places[i] ?? {};
    const font = isTarget(n) ? 'class="m" font-size="10.5"' : 'font-size="10"';
    parts.push(
      `<text x="${at(left)}" y="${at(baseline)}" ${font} fill="${colours.ink}" ${halo}>${escapeXml(label)}</text>`,
    );
  }
}

function drawLegend({ scene, colours }: CircuitDrawing, parts: string[], y: number): void {
  const shapes = [...new Set(scene.shape)].sort().flatMap((code) => CIRCUIT_SHAPES[code] ?? []);
  let x = 22;
  const word = (content: string) => {
    parts.push(`<text x="${at(x)}" y="${at(y + 4)}" font-size="10.5" fill="${colours.quiet}">${content}</text>`);
    x += content.length * 6 + 18;
  };
  for (const shape of shapes) {
    parts.push(shapeSvg(shape, x, y, colours, undefined));
    x += 11;
    word(shape === "logit" ? "target" : shape);
  }
  for (const [colour, dash, content] of [
    [colours.positive, "", "raises"],
    [colours.negative, ` stroke-dasharray="${NEGATIVE_DASH.join(" ")}"`, "lowers"],
  ] as const) {
    parts.push(`<path d="M${at(x)} ${at(y)}h24" stroke="${colour}" stroke-width="2.3"${dash}/>`);
    x += 30;
    word(content);
  }
}

function at(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
