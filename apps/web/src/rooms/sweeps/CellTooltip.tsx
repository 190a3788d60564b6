import type { SweepRequest } from "@patchbay/contract";
import type { ShownSweep, SweepPanelCells } from "@patchbay/workbench-state";
import { useLayoutEffect, useRef } from "react";
import { formatFigure } from "../common/format-figure.ts";
import side from "../trace/Side.module.css";
import { cellName } from "./sweep-words.ts";

const EDGE = 8;

/** What a cell holds, beside it: the metric, its place between the baselines, its interval. */
export function CellTooltip({
  rectangle,
  panel,
  place,
  sweep,
  request,
}: {
  readonly rectangle: DOMRect;
  readonly panel: SweepPanelCells;
  readonly place: number;
  readonly sweep: ShownSweep;
  readonly request: SweepRequest;
}) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const { offsetWidth: width, offsetHeight: height } = element;
    const right = rectangle.right + 10;
    const left = right + width < innerWidth - EDGE ? right : rectangle.left - width - 10;
    const top = Math.max(EDGE, Math.min(rectangle.top - 8, innerHeight - height - EDGE));
    element.style.transform = `translate(${Math.max(EDGE, left)}px, ${top}px)`;
  });
  const [raw, normalised] = [panel.raw[place], panel.normalised[place]];
  const [low, high] = [panel.interval?.low[place], panel.interval?.high[place]];
  const { clean, corrupted } = sweep.baselines;
  return (
    <div ref={box} className={side.tooltip} role="tooltip">
      <p>
        <strong className="mono">{cellName(panel, place)}</strong>
      </p>
      {raw == null ? (
        <p className="quiet">
          {sweep.result === undefined ? "Not computed yet" : "Nothing to put in: no partner token"}
        </p>
      ) : (
        <p>
          {sweep.metric} <b>{formatFigure(raw)}</b>
          {normalised != null && (
            <>
              <br />
              {request.method.kind === "ablation" ? "change" : "normalised"} <b>{formatFigure(normalised)}</b>
            </>
          )}
          {low != null && high != null && (
            <>
              <br />
              95 % interval {formatFigure(low)} … {formatFigure(high)}
            </>
          )}
        </p>
      )}
      <p className="quiet">
        clean {formatFigure(clean)}
        {corrupted !== null && ` · corrupted ${formatFigure(corrupted)}`}
      </p>
    </div>
  );
}
