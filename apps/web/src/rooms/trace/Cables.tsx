import { cableLanes, cablePath } from "@patchbay/charts/geometry";
import { cableColour, type Patch } from "@patchbay/workbench-state";
import { type RefObject, useLayoutEffect, useState } from "react";
import styles from "./Side.module.css";

interface DrawnCable {
  readonly cable: string;
  readonly path: string;
  readonly muted: boolean;
}

/** The cables: from each patch card, up the margin beside the rows, into the jack where it enters. */
export function Cables({
  stage,
  patches,
  layoutCount,
}: {
  readonly stage: RefObject<HTMLDivElement | null>;
  readonly patches: readonly Patch[];
  /** Changes when cards or rows moved. */
  readonly layoutCount: number;
}) {
  const [cables, setCables] = useState<readonly DrawnCable[]>([]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the places are read from the page
  useLayoutEffect(() => {
    const element = stage.current;
    if (element === null) return undefined;
    const measure = () => setCables(measureCables(element, patches));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [stage, patches, layoutCount]);
  return (
    <svg className={styles.cables} aria-hidden="true">
      {cables.map(({ cable, path, muted }) => (
        <g
          key={cable}
          style={{ color: muted ? "var(--ink-4)" : `var(--cable-${cableColour(cable)})` }}
          opacity={muted ? 0.5 : 1}
        >
          <path d={path} stroke="var(--paper)" strokeWidth={5.5} />
          <path d={path} stroke="currentcolor" strokeWidth={2.6} strokeDasharray={muted ? "3 4" : undefined} />
        </g>
      ))}
    </svg>
  );
}

function measureCables(stage: HTMLElement, patches: readonly Patch[]): DrawnCable[] {
  const origin = stage.getBoundingClientRect();
  const list = stage.querySelector("[data-patch-list]")?.getBoundingClientRect();
  const middle = (box: DOMRect) => ({
    x: box.left + box.width / 2 - origin.left,
    y: box.top + box.height / 2 - origin.top,
  });
  const pairs = patches.flatMap((patch) => {
    const card = stage.querySelector(`[data-plug="${CSS.escape(patch.cable)}"]`);
    const row = card?.getAttribute("data-row");
    const jack = stage.querySelector(`[data-jack="${row}"]`);
    if (card == null || jack == null || list === undefined) return [];
    const from = middle(card.getBoundingClientRect());
    // A card that is scrolled away: its cable comes from the edge of the list.
    const y = Math.max(list.top - origin.top, Math.min(list.bottom - origin.top, from.y));
    return [{ patch, from: { x: from.x, y }, to: middle(jack.getBoundingClientRect()) }];
  });
  const right = (pairs[0]?.to.x ?? 0) - 13;
  const lanes = cableLanes(pairs.length, 3, right);
  return pairs.map(({ patch, from, to }, i) => ({
    cable: patch.cable,
    muted: patch.muted,
    path: cablePath({ from, lane: lanes[i] ?? right, to }),
  }));
}
