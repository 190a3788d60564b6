import { ExportMenu } from "@patchbay/charts/react";
import { useMemo } from "react";
import type { Resource } from "../../shell/resource.ts";
import { Skeleton } from "../../shell/ui/Skeleton.tsx";
import { Answer } from "../common/Answer.tsx";
import { NextTokenTable } from "../common/next-token/NextTokenTable.tsx";
import { nextTokens } from "../common/next-token/next-tokens.ts";
import { Section } from "../common/Section.tsx";
import type { Run } from "../common/wire.ts";
import styles from "./Neuron.module.css";

const LEADERS = 6;

/** What the model would say next, without and with the clamp. */
export function NextTokens({ before, after }: { readonly before: Run; readonly after: Resource<Run> }) {
  const rows = useMemo(
    () => (after.state.value === undefined ? [] : nextTokens(before, after.state.value, LEADERS)),
    [before, after.state.value],
  );
  return (
    <Section
      title="Next token"
      aside={
        <span className={styles.aside}>
          probability, last position
          <ExportMenu
            name="next-token"
            table={() => ({
              header: ["token id", "token", "before", "after"],
              rows: rows.map((row) => [row.id, row.text, row.before, row.after]),
            })}
          />
        </span>
      }
    >
      <Answer state={after.state} skeleton={<Skeleton height={200} />} onRetry={after.reload} inline>
        {() => <NextTokenTable rows={rows} />}
      </Answer>
    </Section>
  );
}
