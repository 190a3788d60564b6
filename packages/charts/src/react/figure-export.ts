/** Saving a figure: SVG with its colours written in, PNG at twice the size, and the numbers behind it as CSV. */

/** Styles that a stylesheet or a custom property may have set, and that a file on its own must carry. */
const CARRIED = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-opacity",
  "stroke-dasharray",
  "stroke-linecap",
  "stroke-linejoin",
  "opacity",
  "font-family",
  "font-size",
  "font-weight",
  "font-variant-numeric",
  "text-anchor",
  "dominant-baseline",
] as const;

const SVG_NAMESPACE = "http://www.w3.org/2000/svg";

/** The drawing as a file of its own: computed styles inlined, on the page's paper colour. */
export function svgDocument(drawing: SVGSVGElement): string {
  const copy = drawing.cloneNode(true) as SVGSVGElement;
  inlineStyles(drawing, copy);
  const { width, height } = drawing.getBoundingClientRect();
  copy.setAttribute("xmlns", SVG_NAMESPACE);
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  copy.removeAttribute("style");
  for (const passing of copy.querySelectorAll("[data-export='skip']")) passing.remove();
  const paper = document.createElementNS(SVG_NAMESPACE, "rect");
  paper.setAttribute("width", "100%");
  paper.setAttribute("height", "100%");
  paper.setAttribute("fill", paperColour());
  copy.prepend(paper);
  return new XMLSerializer().serializeToString(copy);
}

export async function pngOfSvg(svg: string, width: number, height: number): Promise<Blob> {
  const image = new Image();
  const url = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    image.src = url;
    await image.decode();
  } finally {
    URL.revokeObjectURL(url);
  }
  const scale = 2;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("This browser gives no 2D canvas.");
  context.scale(scale, scale);
  context.drawImage(image, 0, 0, width, height);
  return blobOfCanvas(canvas);
}

export function blobOfCanvas(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob === null) reject(new Error("This browser could not make a PNG of the figure."));
      else resolve(blob);
    }, "image/png");
  });
}

export type CsvCell = string | number | null | undefined;

/** RFC 4180: quotes where needed, lines end in CRLF. */
export function csvDocument(header: readonly string[], rows: readonly (readonly CsvCell[])[]): string {
  return [header, ...rows]
    .map((row) => row.map(csvField).join(","))
    .join("\r\n")
    .concat("\r\n");
}

export function saveFile(name: string, content: Blob | string, type = "text/plain"): void {
  const url = URL.createObjectURL(typeof content === "string" ? new Blob([content], { type }) : content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The download has its own reference once the click returns.
  setTimeout(() => URL.revokeObjectURL(url), 0);
}

function csvField(value: CsvCell): string {
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function inlineStyles(from: Element, to: Element): void {
  const computed = getComputedStyle(from);
  for (const property of CARRIED) {
    const value = computed.getPropertyValue(property);
    if (value !== "") to.setAttribute(property, value);
  }
  to.removeAttribute("class");
  to.removeAttribute("style");
  const copies = Array.from(to.children);
  Array.from(from.children).forEach((child, i) => {
    const copy = copies[i];
    if (copy !== undefined) inlineStyles(child, copy);
  });
}

function paperColour(): string {
  return getComputedStyle(document.documentElement).getPropertyValue("--paper").trim() || "white";
}
