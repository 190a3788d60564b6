import { markDifferences } from "@patchbay/workbench-state";
import { useMemo } from "react";
import { Section } from "../common/Section.tsx";
import type { Generation } from "../common/wire.ts";
import styles from "./Findings.module.css";
import type { Pair } from "./finding-parts.ts";

interface GenerationItem {
  readonly role: string;
  readonly result: Generation;
}

/** Generated texts, the second with its differences from the first marked. */
export function GenerationPart({ pair }: { readonly pair: Pair<GenerationItem> }) {
  const before = pair.before.result.rows[0]?.tokens ?? [];
  const after = pair.after?.result.rows[0]?.tokens;
  const marks = useMemo(() => after && markDifferences(before, after, (a, b) => a.id === b.id), [before, after]);
  return (
    <Section title="Continuation" aside={finishOf(pair.before.result)}>
      <div className={styles.stories}>
        <span className="quiet">{after === undefined ? pair.before.role : "as it is"}</span>
        <p>{pair.before.result.rows[0]?.text}</p>
        {marks !== undefined && (
          <>
            <span className="quiet">patched</span>
            <p>
              {marks.after.map(({ item, changed }) =>
                changed ? <mark key={item.position}>{item.delta}</mark> : <span key={item.position}>{item.delta}</span>,
              )}
            </p>
          </>
        )}
      </div>
    </Section>
  );
}

function finishOf({ rows }: Generation): string {
  const row = rows[0];
  if (row === undefined) return "";
  const reasons = {
    length: "length reached",
    "end-of-text": "the model ended",
    stop: "stop text",
    context: "context full",
  };
  return `${row.tokens.length} tokens · ${reasons[row.finish]}`;
}
