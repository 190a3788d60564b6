import { ExportMenu } from "@patchbay/charts/react";
import { useMemo } from "react";
import { formatProbability } from "../../shell/ui/format-number.ts";
import { TokenChip } from "../../shell/ui/TokenChip.tsx";
import common from "../common/common.module.css";
import { NextTokenTable } from "../common/next-token/NextTokenTable.tsx";
import { nextTokens } from "../common/next-token/next-tokens.ts";
import { Section } from "../common/Section.tsx";
import type { Run } from "../common/wire.ts";
import styles from "./Findings.module.css";

const LEADERS = 8;

/** The next-token distribution: two runs compared, or one as it stands. */
export function LogitsPart({ before, after }: { readonly before: Run; readonly after: Run | undefined }) {
  const rows = useMemo(() => nextTokens(before, after ?? before, LEADERS), [before, after]);
  const table = () => ({
    header: ["token id", "token", ...(after === undefined ? ["probability"] : ["before", "after"])],
    rows: rows.map((row) => [row.id, row.text, row.before, ...(after === undefined ? [] : [row.after])]),
  });
  return (
    <Section
      title="Next token"
      aside={
        <span className={styles.aside}>
          probability, last position <ExportMenu name="next-token" table={table} />
        </span>
      }
    >
      {after !== undefined ? (
        <NextTokenTable rows={rows} />
      ) : (
        <table className={common.table}>
          <thead>
            <tr>
              <th scope="col">token</th>
              <th scope="col" data-align="right">
                probability
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.id}>
                <td>
                  <TokenChip text={row.text} />
                </td>
                <td data-align="right">{row.before === undefined ? "—" : formatProbability(row.before)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}
