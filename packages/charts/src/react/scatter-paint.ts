/** The pixels of the neuron scatter. Colours come from the page's custom properties at the moment of painting. */
import type { ScatterGeometry, ScatterSize } from "../geometry/neuron-scatter.ts";

/** Makes the canvas as fine as the screen, and clears it. Units afterwards are CSS pixels. */
export function sizeCanvas(canvas: HTMLCanvasElement, { width, height }: ScatterSize): CanvasRenderingContext2D | null {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

export interface PointsPicture {
  readonly geometry: ScatterGeometry;
  readonly size: ScatterSize;
  readonly layer: ArrayLike<number>;
  readonly value: ArrayLike<number>;
  readonly highlightedLayer: number | undefined;
  readonly highlighted: ReadonlySet<number> | undefined;
  readonly range: readonly [number, number] | undefined;
}

export function paintPoints(context: CanvasRenderingContext2D | null, picture: PointsPicture): void {
  if (context === null) return;
  const { geometry, size } = picture;
  const colour = pageColours();
  context.fillStyle = colour("--paper");
  context.fillRect(0, 0, size.width, size.height);
  paintFrame(context, picture, colour);

  // Quiet points first, so that the chosen ones are never covered.
  for (const chosen of [false, true]) {
    context.fillStyle = colour(chosen ? (picture.highlighted === undefined ? "--heat" : "--counter") : "--ink-4");
    context.globalAlpha = chosen ? (picture.highlighted === undefined ? 0.5 : 0.9) : 0.28;
    const radius = geometry.radius * (chosen && picture.highlighted !== undefined ? 1.5 : 1);
    context.beginPath();
    for (let i = 0; i < geometry.x.length; i++) {
      if (isChosen(i, picture) !== chosen) continue;
      const x = geometry.x[i] ?? 0;
      const y = geometry.y[i] ?? 0;
      if (radius < 1.2) {
        context.rect(x - radius, y - radius, radius * 2, radius * 2);
      } else {
        context.moveTo(x + radius, y);
        context.arc(x, y, radius, 0, Math.PI * 2);
      }
    }
    context.fill();
  }
  context.globalAlpha = 1;
}

export interface PointerPicture {
  readonly geometry: ScatterGeometry;
  readonly size: ScatterSize;
  readonly hovered: number | undefined;
  readonly brush: { readonly from: number; readonly to: number } | undefined;
}

export function paintPointer(
  context: CanvasRenderingContext2D | null,
  { geometry, size, hovered, brush }: PointerPicture,
): void {
  if (context === null) return;
  const colour = pageColours();
  context.clearRect(0, 0, size.width, size.height);
  if (brush !== undefined) {
    const left = Math.max(geometry.plot.left, Math.min(brush.from, brush.to));
    const right = Math.min(geometry.plot.left + geometry.plot.width, Math.max(brush.from, brush.to));
    context.fillStyle = colour("--heat");
    context.globalAlpha = 0.08;
    context.fillRect(left, geometry.plot.top, right - left, geometry.plot.height);
    context.globalAlpha = 0.7;
    for (const edge of [left, right]) context.fillRect(edge - 0.5, geometry.plot.top, 1, geometry.plot.height);
    context.globalAlpha = 1;
  }
  if (hovered !== undefined) {
    context.strokeStyle = colour("--ink");
    context.lineWidth = 1.5;
    context.beginPath();
    context.arc(geometry.x[hovered] ?? 0, geometry.y[hovered] ?? 0, geometry.radius + 3, 0, Math.PI * 2);
    context.stroke();
  }
}

function isChosen(i: number, { layer, value, highlightedLayer, highlighted, range }: PointsPicture): boolean {
  if (highlightedLayer !== undefined && layer[i] !== highlightedLayer) return false;
  if (highlighted !== undefined && !highlighted.has(i)) return false;
  const v = value[i] ?? 0;
  return range === undefined || (v >= range[0] && v <= range[1]);
}

function paintFrame(
  context: CanvasRenderingContext2D,
  { geometry, highlightedLayer }: PointsPicture,
  colour: (name: string) => string,
) {
  const { plot, lanes, ticks } = geometry;
  const bottom = plot.top + plot.height;
  context.font = `11px ${colour("--sans") || "sans-serif"}`;
  context.textBaseline = "middle";
  context.textAlign = "right";
  // Labels of many thin lanes would cover each other; every second, fifth or tenth is enough.
  const step = [1, 2, 5, 10, 20].find((every) => (lanes[0]?.height ?? 0) * every >= 13) ?? 50;
  for (const lane of lanes) {
    context.fillStyle = colour("--line");
    context.fillRect(plot.left, Math.round(lane.top + lane.height) - 0.5, plot.width, 0.5);
    if (lane.layer % step !== 0) continue;
    const current = lane.layer === highlightedLayer;
    context.fillStyle = colour(current ? "--ink" : "--ink-3");
    context.fillText(`L${lane.layer}`, plot.left - 8, lane.middle);
  }
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  for (const tick of ticks) {
    context.fillStyle = colour("--line");
    context.fillRect(Math.round(tick.position), plot.top, 0.5, plot.height + 4);
    context.fillStyle = colour("--ink-3");
    context.fillText(tick.label, Math.min(tick.position, plot.left + plot.width - 8), bottom + 17);
  }
}

function pageColours(): (name: string) => string {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(name).trim();
}
