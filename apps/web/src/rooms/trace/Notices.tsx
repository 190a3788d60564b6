import { useStore } from "zustand";
import { Button } from "../../shell/ui/Button.tsx";
import { FirstLine } from "./FirstLine.tsx";
import { TourLine } from "./TourLine.tsx";
import styles from "./Trace.module.css";
import { useTraceStore } from "./trace-context.tsx";
import type { TraceData } from "./use-trace-data.ts";

/** What was not understood in the address, or refused beside the run itself. Above the figure, never over it. */
export function Notices({ data }: { readonly data: TraceData }) {
  const store = useTraceStore();
  const notices = useStore(store, (state) => state.notices);
  const { pinned } = useStore(store, ({ view }) => view);
  const failedAgain = data.status === "failed" && data.before !== undefined ? data.problem : undefined;
  return (
    <div className={styles.notices} role="status">
      <TourLine />
      <FirstLine />
      {notices.length > 0 && (
        <p>
          {notices.join(" ")}{" "}
          <Button kind="bare" onClick={store.dismissNotices}>
            Dismiss
          </Button>
        </p>
      )}
      {failedAgain !== undefined && (
        <p data-kind="bad">
          {failedAgain.detail} The grid shows the run before.{" "}
          <Button kind="bare" onClick={data.reload}>
            Run again
          </Button>
        </p>
      )}
      {data.status === "cancelled" && data.before !== undefined && (
        <p>
          Cancelled. The grid shows the run before.{" "}
          <Button kind="bare" onClick={data.reload}>
            Run again
          </Button>
        </p>
      )}
      {data.tokenProblem !== undefined && pinned !== undefined && (
        <p data-kind="bad">
          {data.tokenProblem.detail}{" "}
          <Button kind="bare" onClick={() => store.update({ pinned: undefined }, { step: true })}>
            Follow the answer instead
          </Button>
        </p>
      )}
      {data.patchProblem !== undefined && (
        <p data-kind="bad">
          The patches were refused: {data.patchProblem.detail} {data.patchProblem.advice}
        </p>
      )}
    </div>
  );
}
