"use client";
/** The three ways out of a figure. A figure that is not an SVG gives its own picture. */
import { type RefObject, useState } from "react";
import { blobOfCanvas, type CsvCell, csvDocument, pngOfSvg, saveFile, svgDocument } from "./figure-export.ts";

export interface ExportTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly CsvCell[])[];
}

export interface ExportMenuProps {
  /** File name without ending. */
  readonly name: string;
  /** The element that holds the figure's svg, or its canvas (the first found). */
  readonly figure?: RefObject<HTMLElement | null>;
  /** For a canvas: the same picture as an SVG document. */
  readonly svg?: () => string;
  readonly table?: () => ExportTable;
}

export function ExportMenu({ name, figure, svg, table }: ExportMenuProps) {
  const [failure, setFailure] = useState<string>();
  const guard = (work: () => Promise<void> | void) => async () => {
    setFailure(undefined);
    try {
      await work();
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
  };
  const picture = figure !== undefined || svg !== undefined;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset brings a form's look and meaning
    <span role="group" aria-label={`Save ${name}`} style={{ display: "inline-flex", gap: 8, alignItems: "baseline" }}>
      {picture && (
        <ExportButton label="SVG" onPress={guard(() => saveFile(`${name}.svg`, svgOf(figure, svg), "image/svg+xml"))} />
      )}
      {picture && (
        <ExportButton label="PNG" onPress={guard(async () => saveFile(`${name}.png`, await pngOf(figure, svg)))} />
      )}
      {table !== undefined && (
        <ExportButton
          label="CSV"
          onPress={guard(() => {
            const { header, rows } = table();
            saveFile(`${name}.csv`, csvDocument(header, rows), "text/csv");
          })}
        />
      )}
      {failure !== undefined && <span role="alert">{failure}</span>}
    </span>
  );
}

function ExportButton({ label, onPress }: { readonly label: string; readonly onPress: () => void }) {
  return (
    <button
      type="button"
      onClick={onPress}
      title={`Save as ${label}`}
      style={{ fontSize: "var(--text-1)", color: "var(--ink-3)", letterSpacing: "0.02em" }}
    >
      {label}
    </button>
  );
}

function svgOf(figure: ExportMenuProps["figure"], svg: ExportMenuProps["svg"]): string {
  if (svg !== undefined) return svg();
  const drawing = figure?.current?.querySelector("svg");
  if (drawing === null || drawing === undefined) throw new Error("There is no drawing to save yet.");
  return svgDocument(drawing);
}

async function pngOf(figure: ExportMenuProps["figure"], svg: ExportMenuProps["svg"]): Promise<Blob> {
  const canvas = figure?.current?.querySelector("canvas");
  if (canvas !== null && canvas !== undefined) return blobOfCanvas(canvas);
  const text = svgOf(figure, svg);
  const { documentElement } = new DOMParser().parseFromString(text, "image/svg+xml");
  return pngOfSvg(text, Number(documentElement.getAttribute("width")), Number(documentElement.getAttribute("height")));
}
