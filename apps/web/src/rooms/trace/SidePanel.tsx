import type { ModelSummary } from "@patchbay/contract";
import { Skeleton } from "../../shell/ui/Skeleton.tsx";
import { DepthSection } from "./DepthSection.tsx";
import { FeatureSection } from "./FeatureSection.tsx";
import { NeuronSection } from "./NeuronSection.tsx";
import { SelectedSection } from "./SelectedSection.tsx";
import styles from "./Side.module.css";
import type { TraceData } from "./use-trace-data.ts";
import { WritersSection } from "./WritersSection.tsx";

/** One place explained: the selected row and position. */
export function SidePanel({ data, model }: { readonly data: TraceData; readonly model: ModelSummary }) {
  if (data.before === undefined) {
    return (
      <aside className={styles.side} aria-label="Selected place" aria-busy={data.status === "pending"}>
        {data.status === "pending" &&
          [6, 4, 8, 6].map((lines, section) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: they are all the same
            <div key={section} className={styles.sideSkeleton}>
              <Skeleton width="42%" />
              {Array.from({ length: lines }, (_, line) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: they are all the same
                <Skeleton key={line} height={18} />
              ))}
            </div>
          ))}
      </aside>
    );
  }
  if (data.status === "failed" || data.status === "cancelled") {
    return (
      <aside className={styles.side} aria-label="Selected place">
        <SelectedSection data={data} before={data.before} model={model} />
        <p className={styles.caption}>The rest of this place comes with the next answer.</p>
      </aside>
    );
  }
  return (
    <aside className={styles.side} aria-label="Selected place">
      <SelectedSection data={data} before={data.before} model={model} />
      <DepthSection data={data} before={data.before} model={model} />
      <WritersSection data={data} />
      <FeatureSection data={data} model={model} />
      <NeuronSection data={data} model={model} />
    </aside>
  );
}
