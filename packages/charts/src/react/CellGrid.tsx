"use client";
import {
  type KeyboardEvent,
  memo,
  type PointerEvent,
  type ReactNode,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { type CellAddress, type ColourScale, cellAt, layoutGrid, scrollToShow, walk } from "../geometry/index.ts";
import { ColumnHeader, type GridColumn, headerHeight } from "./ColumnHeader.tsx";
import { sharpContext, themeColour } from "./canvas-surface.ts";
import { drawFocus, drawGrid, type GridInk, type GridMark } from "./draw-grid.ts";
import { GridTable } from "./GridTable.tsx";
import { useElementSize } from "./use-element-size.ts";
import { useThemeName } from "./use-theme-name.ts";

export interface CellGridProps {
  /** What the grid is, for those who do not see it. */
  readonly label: string;
  /** Top row first. */
  readonly rowLabels: readonly string[];
  readonly columns: readonly GridColumn[];
  readonly values: Float32Array;
  readonly scale: ColourScale;
  text(row: number, column: number): string;
  note(row: number, column: number): string;
  /** One sentence about a cell: announced on every step, and the table's content. */
  describe(cell: CellAddress): string;
  readonly selected?: CellAddress | undefined;
  readonly marks?: readonly GridMark[];
  readonly settled?: readonly number[] | undefined;
  readonly zoom: number;
  onZoom?(zoom: number): void;
  onSelect(cell: CellAddress): void;
  onOpen?(cell: CellAddress): void;
  /** What a tooltip needs; the rectangle is in viewport coordinates. */
  onHover?(hover: { readonly cell: CellAddress; readonly rectangle: DOMRect } | undefined): void;
  /** Beside each row: its label, a jack. Gets the row's height in px. */
  rowHead(row: number, height: number): ReactNode;
  readonly headWidth: number;
  /** Called when rows move: cables follow. */
  onLayout?(): void;
}

const NO_MARKS: readonly GridMark[] = [];

/** Rows × columns of coloured cells on a canvas; the pointer and the arrow keys walk it, Control-wheel zooms. */
export function CellGrid(props: CellGridProps) {
  const { rowLabels, columns, values, scale, selected, zoom, settled, marks = NO_MARKS, onLayout } = props;
  const frame = useRef<HTMLDivElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const base = useRef<HTMLCanvasElement>(null);
  const top = useRef<HTMLCanvasElement>(null);
  const [scroll, setScroll] = useState({ left: 0, top: 0 });
  const [hovered, setHovered] = useState<CellAddress | undefined>(undefined);
  const theme = useThemeName();
  const size = useElementSize(frame);
  const descriptionId = useId();

  const space = { rows: rowLabels.length, columns: columns.length, width: size.width - props.headWidth };
  // The header's height depends on the width of a column, which does not depend on the height.
  const foot = headerHeight(layoutGrid({ ...space, height: 400, zoom }));
  const layout = useMemo(
    () =>
      layoutGrid({ rows: space.rows, columns: space.columns, width: space.width, height: size.height - foot, zoom }),
    [space.rows, space.columns, space.width, size.height, foot, zoom],
  );
  const width = Math.max(0, Math.min(space.width, layout.contentWidth));
  const height = Math.max(0, Math.min(size.height - foot, layout.contentHeight));
  const window_ = useMemo(() => ({ ...scroll, width, height }), [scroll, width, height]);

  const ink = useMemo((): GridInk | undefined => {
    const root = frame.current;
    if (root === null || theme === "") return undefined;
    const read = (name: `--${string}`) => themeColour(root, name);
    return {
      empty: read("--sunken"),
      ink: read("--ink"),
      paper: read("--paper"),
      monospace: read("--mono"),
      sans: read("--sans"),
    };
  }, [theme]);
  const [fontsReady, setFontsReady] = useState(false);
  useEffect(() => void document.fonts.ready.then(() => setFontsReady(true)), []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the cells are drawn again once the fonts are there
  useLayoutEffect(() => {
    const canvas = base.current;
    if (canvas === null || ink === undefined || width === 0 || height === 0) return;
    const context = sharpContext(canvas, width, height);
    if (context === undefined) return;
    drawGrid(
      context,
      {
        layout,
        scale,
        values,
        text: props.text,
        note: props.note,
        marks,
        settled,
        colourOf: (mark) => themeColour(canvas, mark.colour),
      },
      window_,
      ink,
    );
  }, [layout, scale, values, props.text, props.note, marks, settled, window_, ink, fontsReady]);

  useLayoutEffect(() => {
    if (top.current === null || ink === undefined || width === 0 || height === 0) return;
    const context = sharpContext(top.current, width, height);
    if (context !== undefined) drawFocus(context, layout, window_, { selected, hovered }, ink);
  }, [layout, window_, selected, hovered, ink, width, height]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: rows move with the layout and with scrolling
  useLayoutEffect(() => onLayout?.(), [layout, scroll.top, onLayout]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new choice or a new layout brings the cell into sight
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null || selected === undefined) return;
    const { cellWidth, cellHeight } = layout;
    element.scrollLeft = scrollToShow(
      selected.column * cellWidth,
      (selected.column + 1) * cellWidth,
      element.scrollLeft,
      width,
    );
    element.scrollTop = scrollToShow(
      selected.row * cellHeight,
      (selected.row + 1) * cellHeight,
      element.scrollTop,
      height,
    );
  }, [selected?.row, selected?.column, layout]);

  // React's wheel listener is passive, and zooming must keep the page from zooming.
  const { onZoom } = props;
  useEffect(() => {
    const element = scroller.current;
    if (element === null || onZoom === undefined) return undefined;
    const onWheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      onZoom(zoom * Math.exp(-event.deltaY / 300));
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [onZoom, zoom]);

  function cellUnder(event: PointerEvent): CellAddress | undefined {
    const box = base.current?.getBoundingClientRect();
    return box && cellAt(layout, event.clientX - box.left + scroll.left, event.clientY - box.top + scroll.top);
  }

  function hover(cell: CellAddress | undefined) {
    if (cell?.row === hovered?.row && cell?.column === hovered?.column) return;
    setHovered(cell);
    const box = base.current?.getBoundingClientRect();
    if (cell === undefined || box === undefined) return props.onHover?.(undefined);
    const { cellWidth, cellHeight } = layout;
    const [x, y] = [box.left + cell.column * cellWidth - scroll.left, box.top + cell.row * cellHeight - scroll.top];
    return props.onHover?.({ cell, rectangle: new DOMRect(x, y, cellWidth, cellHeight) });
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    const from = selected ?? { row: 0, column: layout.columns - 1 };
    if (event.key === "Enter") props.onOpen?.(from);
    else {
      const to = walk(from, event.key, layout);
      if (to === undefined) return;
      props.onSelect(to);
    }
    event.preventDefault();
  }

  return (
    <div ref={frame} style={{ position: "relative", width: "100%", height: "100%", minHeight: 0 }}>
      <div style={{ display: "flex", height }}>
        <div style={{ position: "relative", width: props.headWidth, overflow: "hidden", flex: "none" }}>
          <div style={{ transform: `translateY(${-scroll.top}px)` }}>
            <RowHeads rowLabels={rowLabels} height={layout.cellHeight} rowHead={props.rowHead} />
          </div>
        </div>
        <div
          ref={scroller}
          data-cell-grid=""
          role="application"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the grid is walked with the arrow keys
          tabIndex={0}
          aria-label={props.label}
          aria-roledescription="grid of cells"
          aria-describedby={descriptionId}
          onKeyDown={onKeyDown}
          onScroll={(event) => {
            hover(undefined);
            setScroll({ left: event.currentTarget.scrollLeft, top: event.currentTarget.scrollTop });
          }}
          onPointerMove={(event) => hover(cellUnder(event))}
          onPointerLeave={() => hover(undefined)}
          onPointerDown={(event) => {
            const cell = cellUnder(event);
            if (cell !== undefined && event.button === 0) props.onSelect(cell);
          }}
          onDoubleClick={() => selected !== undefined && props.onOpen?.(selected)}
          style={{
            width,
            height,
            flex: "none",
            overflowX: layout.contentWidth > width + 0.5 ? "auto" : "hidden",
            overflowY: layout.contentHeight > height + 0.5 ? "auto" : "hidden",
            scrollbarWidth: "none",
            borderRadius: 4,
          }}
        >
          <div style={{ width: layout.contentWidth, height: layout.contentHeight }}>
            <div style={{ position: "sticky", left: 0, top: 0, width, height, overflow: "hidden" }}>
              <canvas ref={base} style={{ position: "absolute", inset: 0, width, height }} />
              <canvas ref={top} style={{ position: "absolute", inset: 0, width, height, pointerEvents: "none" }} />
            </div>
          </div>
        </div>
      </div>
      <div style={{ marginLeft: props.headWidth }}>
        <ColumnHeader
          columns={columns}
          layout={layout}
          left={scroll.left}
          width={width}
          selected={selected?.column}
          onSelect={(column) => props.onSelect({ row: selected?.row ?? 0, column })}
        />
      </div>
      <p id={descriptionId} className="visually-hidden" aria-live="polite">
        {selected === undefined ? "Arrow keys walk the grid, Enter opens a cell." : props.describe(selected)}
      </p>
      <GridTable label={props.label} rowLabels={rowLabels} columns={columns} describe={props.describe} />
    </div>
  );
}

/** Apart, because scrolling changes the place of the heads but not the heads. */
const RowHeads = memo(function RowHeads({
  rowLabels,
  height,
  rowHead,
}: Pick<CellGridProps, "rowLabels" | "rowHead"> & { readonly height: number }) {
  return rowLabels.map((label, row) => (
    <div key={label} style={{ height }}>
      {rowHead(row, height)}
    </div>
  ));
});
