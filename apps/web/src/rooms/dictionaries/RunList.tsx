import type { Job } from "@patchbay/contract";
import type { ReactNode } from "react";
import common from "../common/common.module.css";
import { Moment } from "../common/Moment.tsx";
import { Section } from "../common/Section.tsx";
import styles from "./Dictionaries.module.css";

export interface RunColumn {
  readonly title: string;
  readonly align?: "right";
  cell(job: Job): ReactNode;
}

/** Earlier runs with what they came to, so that settings can be compared; pressing one shows it. */
export function RunList({
  runs,
  shown,
  columns,
  onShow,
}: {
  readonly runs: readonly Job[];
  readonly shown: Job | undefined;
  readonly columns: readonly RunColumn[];
  readonly onShow: (id: string) => void;
}) {
  if (runs.length === 0) return null;
  return (
    <Section title="Runs" aside={`${runs.length}, newest first`}>
      <div className={styles.scroll}>
        <table className={`${common.table} ${styles.runs}`}>
          <thead>
            <tr>
              <th scope="col">started</th>
              {columns.map(({ title, align }) => (
                <th key={title} scope="col" data-align={align}>
                  {title}
                </th>
              ))}
              <th scope="col">state</th>
            </tr>
          </thead>
          <tbody>
            {runs
              .map((listed) => (listed.id === shown?.id ? shown : listed))
              .map((job) => (
                <tr key={job.id} aria-current={job.id === shown?.id ? "true" : undefined}>
                  <td>
                    <button type="button" className={styles.runButton} onClick={() => onShow(job.id)}>
                      <Moment iso={job.createdAt} />
                    </button>
                  </td>
                  {columns.map(({ title, align, cell }) => (
                    <td key={title} data-align={align}>
                      {cell(job)}
                    </td>
                  ))}
                  <td>{job.state}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}
