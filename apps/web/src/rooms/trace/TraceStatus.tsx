import { Button } from "../../shell/ui/Button.tsx";
import { EmptyState } from "../../shell/ui/EmptyState.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import styles from "./Trace.module.css";
import type { TraceData } from "./use-trace-data.ts";

const SKELETON_COLUMNS = 18;

/** In place of the grid while there is none: what is missing, at the size of what will come. */
export function TraceStatus({ data, layers }: { readonly data: TraceData; readonly layers: number }) {
  const again = <Button onClick={data.reload}>Run again</Button>;
  if (data.status === "failed" && data.problem !== undefined)
    return <ErrorState problem={data.problem} action={again} />;
  if (data.status === "cancelled") {
    return (
      <EmptyState title="Cancelled" action={again}>
        The run was stopped before it answered.
      </EmptyState>
    );
  }
  if (data.status === "empty") {
    return (
      <EmptyState title="No prompt">
        Type some text above and run it: every layer's reading of it appears here.
      </EmptyState>
    );
  }
  const rows = Math.min(layers + 1, 24);
  return (
    <div
      className={styles.gridSkeleton}
      aria-busy="true"
      role="status"
      aria-label="Running"
      style={{ gridTemplateRows: `repeat(${rows}, minmax(8px, 52px))` }}
    >
      {Array.from({ length: rows * SKELETON_COLUMNS }, (_, i) => (
        <i
          // biome-ignore lint/suspicious/noArrayIndexKey: they are all the same
          key={i}
          style={{ animationDelay: `${((i % SKELETON_COLUMNS) - Math.floor(i / SKELETON_COLUMNS)) * 45}ms` }}
        />
      ))}
    </div>
  );
}
