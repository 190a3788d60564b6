"use client";
import { saveFile } from "@patchbay/charts/react";
/** One finding: the stored numbers at once, and on request whether they come out the same here and now. */
import type { Snapshot } from "@patchbay/contract";
import type { Route } from "@patchbay/workbench-state";
import { api } from "../../shell/api.ts";
import { copyText } from "../../shell/clipboard.ts";
import { Link } from "../../shell/Link.tsx";
import { Room } from "../../shell/Room.tsx";
import { useResource } from "../../shell/resource.ts";
import { Button } from "../../shell/ui/Button.tsx";
import { Skeleton } from "../../shell/ui/Skeleton.tsx";
import ui from "../../shell/ui/ui.module.css";
import { Answer } from "../common/Answer.tsx";
import { Moment } from "../common/Moment.tsx";
import { FindingParts } from "./FindingParts.tsx";
import styles from "./Findings.module.css";
import { RecipeFacts } from "./RecipeFacts.tsx";
import { Replay } from "./Replay.tsx";

export function FindingRoom({ route }: { readonly route: Extract<Route, { room: "finding" }> }) {
  const { id } = route;
  // Immutable, so the answer may be kept for as long as the page lives.
  const { state, reload } = useResource<Snapshot>(`finding:${id}`, (signal) =>
    api.getSnapshot({ params: { id }, signal }),
  );
  const finding = state.value?.id === id ? state.value : undefined;
  const title = finding === undefined ? "Finding" : finding.title || "Untitled finding";
  return (
    <Room title={title} bar={<FindingBar id={id} finding={finding} />}>
      <Answer state={state} skeleton={<FindingSkeleton />} onRetry={reload}>
        {(value) => (
          <article className={styles.finding}>
            <header className={styles.head}>
              <h1>{value.title === "" ? "Untitled" : value.title}</h1>
              {value.note !== "" && <p className={styles.note}>{value.note}</p>}
              <p className="quiet">
                {value.model} · <Moment iso={value.createdAt} /> · stored numbers, never changed
              </p>
            </header>
            <Replay id={id} />
            <FindingParts finding={value} />
            <RecipeFacts finding={value} />
          </article>
        )}
      </Answer>
    </Room>
  );
}

function FindingBar({ id, finding }: { readonly id: string; readonly finding: Snapshot | undefined }) {
  const download = () =>
    finding !== undefined &&
    saveFile(`patchbay-${id}.json`, `${JSON.stringify(finding, undefined, 2)}\n`, "application/json");
  // A stored path is somebody's text: only one of this workbench becomes a link.
  const live = finding !== undefined && /^\/(?!\/)/.test(finding.view.path) ? finding.view.path : undefined;
  return (
    <>
      <Link href="/findings" className={styles.crumb}>
        Findings
      </Link>
      <span className="quiet" aria-hidden="true">
        /
      </span>
      <code>{id}</code>
      <span style={{ flex: 1 }} />
      <Button onClick={() => void copyText(`${window.location.origin}/s/${id}`, "Link")}>Copy link</Button>
      <Button onClick={download} disabled={finding === undefined}>
        JSON
      </Button>
      {live !== undefined && (
        <Link href={live} className={ui.button} data-kind="plain">
          Open live
        </Link>
      )}
    </>
  );
}

function FindingSkeleton() {
  return (
    <div className={styles.finding}>
      <Skeleton width="40%" height={24} />
      <Skeleton height={48} />
      <Skeleton height={360} />
    </div>
  );
}
