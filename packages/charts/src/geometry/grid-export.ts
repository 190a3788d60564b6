/** A cell grid as a drawing (SVG) and as a table (CSV), from the same cells that are on the screen. */
import type { ColourScale } from "./colour-scale.ts";
import { fitMonospace, MONOSPACE_EM } from "./fit-text.ts";

export interface GridContent {
  /** Top row first. */
  readonly rowLabels: readonly string[];
  readonly columnLabels: readonly string[];
  /** Row-major; NaN where there is no value. */
  readonly values: Float32Array;
  text(row: number, column: number): string;
  note(row: number, column: number): string;
}

export interface GridCaption {
  readonly title: string;
  /** Unit and normalisation of the values. */
  readonly unit: string;
}

const SVG = { cellWidth: 64, cellHeight: 44, left: 64, top: 56, fontSize: 12 } as const;

export function gridToSvg(
  content: GridContent,
  scale: ColourScale,
  caption: GridCaption,
  paper: string,
  ink: string,
): string {
  const { rowLabels, columnLabels, values } = content;
  const width = SVG.left + columnLabels.length * SVG.cellWidth + 16;
  const height = SVG.top + rowLabels.length * SVG.cellHeight + 48;
  const characterWidth = SVG.fontSize * MONOSPACE_EM;
  const parts: string[] = [];
  const write = (x: number, y: number, text: string, attributes: string) =>
    parts.push(`<text x="${x}" y="${y}" ${attributes}>${escapeXml(text)}</text>`);
  rowLabels.forEach((label, row) => {
    const y = SVG.top + row * SVG.cellHeight;
    write(SVG.left - 10, y + SVG.cellHeight / 2 + 4, label, `text-anchor="end" font-size="12" fill="${ink}"`);
    columnLabels.forEach((_, column) => {
      const x = SVG.left + column * SVG.cellWidth;
      const index = scale.index(values[row * columnLabels.length + column] ?? Number.NaN);
      const fill = scale.colours[index] ?? paper;
      const on = scale.inks[index] ?? ink;
      parts.push(
        `<rect x="${x + 1.5}" y="${y + 1.5}" width="${SVG.cellWidth - 3}" height="${SVG.cellHeight - 3}" rx="3.5" fill="${fill}"/>`,
      );
      const middle = x + SVG.cellWidth / 2;
      const token = fitMonospace(content.text(row, column), SVG.cellWidth - 8, characterWidth);
      write(middle, y + 20, token, `class="m" text-anchor="middle" font-size="${SVG.fontSize}" fill="${on}"`);
      write(
        middle,
        y + 34,
        content.note(row, column),
        `text-anchor="middle" font-size="9.5" fill="${on}" opacity="0.72"`,
      );
    });
  });
  columnLabels.forEach((label, column) => {
    const x = SVG.left + (column + 0.5) * SVG.cellWidth;
    const y = SVG.top + rowLabels.length * SVG.cellHeight + 20;
    const token = fitMonospace(label, SVG.cellWidth - 6, characterWidth);
    write(x, y, token, `class="m" text-anchor="middle" font-size="${SVG.fontSize}" fill="${ink}"`);
    write(x, y + 16, String(column), `text-anchor="middle" font-size="9.5" fill="${ink}" opacity="0.6"`);
  });
  write(16, 24, caption.title, `font-size="13" font-weight="600" fill="${ink}"`);
  write(16, 41, caption.unit, `font-size="11" fill="${ink}" opacity="0.7"`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Inter, system-ui, sans-serif">`,
    `<style>.m{font-family:"JetBrains Mono",ui-monospace,monospace;white-space:pre}</style>`,
    `<rect width="${width}" height="${height}" fill="${paper}"/>`,
    ...parts,
    "</svg>",
  ].join("\n");
}

/** One line a cell, so that nothing is lost in the labels of a wide table. */
export function gridToCsv(content: GridContent, valueName: string): string {
  const lines = [["row", "position", "column", "text", valueName].join(",")];
  content.rowLabels.forEach((label, row) => {
    content.columnLabels.forEach((column, position) => {
      const value = content.values[row * content.columnLabels.length + position] ?? Number.NaN;
      const cells = [
        label,
        String(position),
        column,
        content.text(row, position),
        Number.isNaN(value) ? "" : String(value),
      ];
      lines.push(cells.map(escapeCsv).join(","));
    });
  });
  return `${lines.join("\r\n")}\r\n`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

function escapeCsv(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
