/** The scatter as an SVG document for saving: the page draws it on a canvas. */
import { neuronScatter } from "@patchbay/charts/geometry";
import type { NeuronScatter } from "@patchbay/contract";

const SIZE = { width: 1200, height: 360 };

export function scatterSvg(
  layers: number,
  { layer, ...answer }: NeuronScatter,
  measure: "peakedness" | "entropy",
  axisLabel: string,
): string {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const scale = measure === "peakedness" ? "log" : "linear";
  const geometry = neuronScatter({ size: SIZE, layers, layer, value: answer[measure], scale });
  const { plot, lanes, ticks, radius } = geometry;
  const points = Array.from(
    geometry.x,
    (x, i) => `<circle cx="${x.toFixed(1)}" cy="${(geometry.y[i] ?? 0).toFixed(1)}" r="${radius}"/>`,
  );
  const laneLabels = lanes.map(
    (lane) =>
      `<text x="${plot.left - 8}" y="${lane.middle.toFixed(1)}" text-anchor="end" dominant-baseline="central">L${lane.layer}</text>`,
  );
  const tickLabels = ticks.map(
    (tick) =>
      `<text x="${tick.position.toFixed(1)}" y="${plot.top + plot.height + 17}" text-anchor="middle">${tick.label}</text>`,
  );
  const frame = ticks.map(
    (tick) =>
      `<path d="M${tick.position.toFixed(1)} ${plot.top}v${plot.height}" stroke="${colour("--line")}" stroke-width="0.5"/>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${SIZE.width}" height="${SIZE.height}" font-family="sans-serif" font-size="11">`,
    `<rect width="100%" height="100%" fill="${colour("--paper")}"/>`,
    ...frame,
    `<g fill="${colour("--heat")}" fill-opacity="0.5">${points.join("")}</g>`,
    `<g fill="${colour("--ink-3")}">${laneLabels.join("")}${tickLabels.join("")}`,
    `<text x="${plot.left + plot.width}" y="${plot.top + plot.height - 6}" text-anchor="end">${axisLabel}</text></g></svg>`,
  ].join("");
}
