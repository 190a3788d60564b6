"use client";
/** All findings, newest first. */
import type { SnapshotList } from "@patchbay/contract";
import { pathOfRoute } from "@patchbay/workbench-state";
import { useState } from "react";
import { api } from "../../shell/api.ts";
import { Link } from "../../shell/Link.tsx";
import { Room } from "../../shell/Room.tsx";
import { useResource } from "../../shell/resource.ts";
import { Button } from "../../shell/ui/Button.tsx";
import { EmptyState } from "../../shell/ui/EmptyState.tsx";
import { formatCount } from "../../shell/ui/format-number.ts";
import { Answer } from "../common/Answer.tsx";
import { Moment } from "../common/Moment.tsx";
import { SkeletonStack } from "../common/SkeletonStack.tsx";
import styles from "./Findings.module.css";
import { roomTitle } from "./room-title.ts";

const PAGE = 100;

export function FindingsRoom() {
  const [offset, setOffset] = useState(0);
  // A list changes behind our back: it is asked again on every visit.
  const [visit] = useState(() => Date.now());
  const { state, reload } = useResource<SnapshotList>(`findings:${visit}:${offset}`, (signal) =>
    api.listSnapshots({ query: { offset, limit: PAGE }, signal }),
  );
  return (
    <Room title="Findings">
      <div className={styles.page}>
        <Answer state={state} skeleton={<ListSkeleton />} onRetry={reload}>
          {(list) =>
            list.total === 0 && list.tour.length === 0 ? (
              <EmptyState title="No findings yet" action={<Link href="/">Go to Trace</Link>}>
                A finding is a view with its numbers, kept for ever under an address of its own. Press Share in Trace or
                on a neuron’s page to make one.
              </EmptyState>
            ) : (
              <>
                {list.tour.length > 0 && offset === 0 && (
                  <section aria-label="Tour">
                    <h2 className="section-title">Tour: findings that come with Patchbay</h2>
                    <FindingList findings={list.tour} />
                    <h2 className="section-title">Yours</h2>
                    {list.total === 0 && (
                      <p className="quiet">None yet. Press Share or Save finding in any room to keep what you see.</p>
                    )}
                  </section>
                )}
                <FindingList findings={list.snapshots} />
                {list.total > PAGE && (
                  <div className={styles.pager}>
                    <Button disabled={offset === 0} onClick={() => setOffset(Math.max(0, offset - PAGE))}>
                      Newer
                    </Button>
                    <span className="quiet">
                      {formatCount(offset + 1)}–{formatCount(Math.min(list.total, offset + PAGE))} of{" "}
                      {formatCount(list.total)}
                    </span>
                    <Button disabled={offset + PAGE >= list.total} onClick={() => setOffset(offset + PAGE)}>
                      Older
                    </Button>
                  </div>
                )}
              </>
            )
          }
        </Answer>
      </div>
    </Room>
  );
}

function FindingList({ findings }: { readonly findings: SnapshotList["snapshots"] }) {
  return (
    <ul className={styles.list}>
      {findings.map((finding) => (
        <li key={finding.id}>
          <Link href={pathOfRoute({ room: "finding", id: finding.id })} className={styles.item}>
            <span className={styles.itemTitle}>{finding.title === "" ? "Untitled" : finding.title}</span>
            <span className={styles.itemNote}>{finding.note}</span>
            <span>{roomTitle(finding.view.room)}</span>
            <span>{finding.model}</span>
            <Moment iso={finding.createdAt} />
            <code>{finding.id}</code>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function ListSkeleton() {
  return (
    <div className={styles.list}>
      <SkeletonStack count={6} height={34} />
    </div>
  );
}
