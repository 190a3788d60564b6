import type { LensSide } from "@patchbay/workbench-state";
import { useLayoutEffect, useRef } from "react";
import { formatFixed, formatProbability } from "../../shell/ui/format-number.ts";
import { TokenChip } from "../../shell/ui/TokenChip.tsx";
import styles from "./Side.module.css";

const SHOWN = 6;
const EDGE = 8;

/** What a cell holds, beside it: its leading tokens, before and after. */
export function LensTooltip({
  rectangle,
  before,
  after,
  row,
  column,
  token,
}: {
  readonly rectangle: DOMRect;
  readonly before: LensSide;
  readonly after: LensSide | undefined;
  readonly row: number;
  readonly column: number;
  readonly token: string;
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
  const { lens, tracked } = before;
  return (
    <div ref={box} className={styles.tooltip} role="tooltip">
      <p>
        <strong>{lens.labels[row]}</strong> at {column} <TokenChip text={token} tone="bare" />
      </p>
      <div className={styles.tooltipSides}>
        <TooltipSide name={after === undefined ? undefined : "before"} side={before} row={row} column={column} />
        {after !== undefined && <TooltipSide name="after" side={after} row={row} column={column} />}
      </div>
      <p className="quiet">
        entropy {formatFixed(lens.entropy(row, column))} · KL {formatFixed(lens.divergence(row, column))} nats
        {tracked !== undefined && (
          <>
            <br />
            <TokenChip text={tracked.text} tone="bare" /> rank {tracked.rank(row, column)} ·{" "}
            {formatProbability(tracked.probability(row, column))}
          </>
        )}
      </p>
    </div>
  );
}

function TooltipSide({
  name,
  side,
  row,
  column,
}: {
  readonly name: string | undefined;
  readonly side: LensSide;
  readonly row: number;
  readonly column: number;
}) {
  return (
    <table>
      {name !== undefined && <caption>{name}</caption>}
      <tbody>
        {side.lens
          .ranking(row, column)
          .slice(0, SHOWN)
          .map(({ id, text, probability }) => (
            <tr key={id}>
              <td>
                <TokenChip text={text} tone="bare" />
              </td>
              <td>{formatProbability(probability)}</td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}
