"use client";

import { MAXIMUM_ZOOM } from "@patchbay/charts/geometry";
import type { ModelSummary } from "@patchbay/contract";
import { useCallback, useEffect, useRef, useState } from "react";
import { useCommands } from "../../shell/commands.ts";
import { Room } from "../../shell/Room.tsx";
import { AttentionPanel } from "./AttentionPanel.tsx";
import { Cables } from "./Cables.tsx";
import { ContributionsPanel } from "./ContributionsPanel.tsx";
import { Dock } from "./Dock.tsx";
import { FeaturesPanel } from "./FeaturesPanel.tsx";
import { LensPanel } from "./LensPanel.tsx";
import { Notices } from "./Notices.tsx";
import { SidePanel } from "./SidePanel.tsx";
import { Toolbar } from "./Toolbar.tsx";
import styles from "./Trace.module.css";
import { TraceBar } from "./TraceBar.tsx";
import { TraceStatus } from "./TraceStatus.tsx";
import { useTraceStore, useView } from "./trace-context.tsx";
import { useTraceCommands } from "./use-trace-commands.ts";
import { useTraceData } from "./use-trace-data.ts";

export function TraceWorkbench({ model }: { readonly model: ModelSummary }) {
  const store = useTraceStore();
  const view = useView();
  const data = useTraceData(view, model);
  const stage = useRef<HTMLDivElement>(null);
  const [zoom, setZoom] = useState(1);
  const [layoutCount, setLayoutCount] = useState(0);
  const onLayout = useCallback(() => setLayoutCount((count) => count + 1), []);
  useTraceCommands({ data, model });
  const canZoom = view.panel === "lens" && data.before !== undefined;
  useCommands([
    {
      id: "trace-zoom-in",
      title: "Zoom the grid in",
      group: "Trace",
      keys: ["+", "="],
      run: () => canZoom && setZoom((before) => Math.min(MAXIMUM_ZOOM, before * 1.4)),
    },
    {
      id: "trace-zoom-out",
      title: "Zoom the grid out",
      group: "Trace",
      keys: ["-"],
      run: () => canZoom && setZoom((before) => Math.max(1, before / 1.4)),
    },
    { id: "trace-zoom-fit", title: "Fit the grid", group: "Trace", keys: ["0"], run: () => setZoom(1) },
  ]);

  // The address always reproduces the view: also on a first visit, which has nothing in it yet.
  useEffect(() => store.update({}), [store]);

  return (
    <Room title={view.prompt.slice(0, 40) || "Trace"} scroll={false} bar={<TraceBar model={model} data={data} />}>
      <div className={styles.layout}>
        <div className={styles.stage} ref={stage}>
          <Toolbar data={data} zoom={zoom} onZoom={setZoom} />
          <Notices data={data} />
          <div className={styles.figure} data-stale={data.status === "pending" && data.run !== undefined}>
            {data.before === undefined ? (
              <TraceStatus data={data} layers={model.layers} />
            ) : view.panel === "lens" ? (
              <LensPanel data={data} model={model} zoom={zoom} onZoom={setZoom} onLayout={onLayout} />
            ) : view.panel === "attention" ? (
              <AttentionPanel data={data} model={model} />
            ) : view.panel === "features" ? (
              <FeaturesPanel data={data} model={model} />
            ) : (
              <ContributionsPanel data={data} model={model} />
            )}
          </div>
          <Dock data={data} model={model} onLayout={onLayout} />
          {view.panel === "lens" && data.before !== undefined && (
            <Cables stage={stage} patches={view.patches} layoutCount={layoutCount} />
          )}
        </div>
        <SidePanel data={data} model={model} />
      </div>
    </Room>
  );
}
