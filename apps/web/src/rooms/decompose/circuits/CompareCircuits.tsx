import { ExportMenu } from "@patchbay/charts/react";
import type { CircuitComparison, CircuitComparisonRequest, CircuitSummary } from "@patchbay/contract";
import { Segmented } from "../../../shell/ui/Segmented.tsx";
import { Skeleton } from "../../../shell/ui/Skeleton.tsx";
import { Answer } from "../../common/Answer.tsx";
import table from "../../common/common.module.css";
import { formatFigure } from "../../common/format-figure.ts";
import { oneOf, type Query } from "../../common/query.ts";
import { Section } from "../../common/Section.tsx";
import styles from "../Decompose.module.css";
import { useAnswer } from "../use-answer.ts";

/** What two circuits share, against what circuits drawn at random would. */
export function CompareCircuits({
  model,
  circuits,
  query,
}: {
  readonly model: string;
  readonly circuits: readonly CircuitSummary[];
  readonly query: Query;
}) {
  const known = (id: string | undefined) => circuits.find((circuit) => circuit.id === id)?.id;
  const left = known(query.get("left"));
  const right = known(query.get("right"));
  const positions = oneOf(query.get("positions"), ["ignore", "match"] as const, "ignore");
  const request: CircuitComparisonRequest | undefined =
    left === undefined || right === undefined ? undefined : { model, left, right, positions };
  const { state, retry } = useAnswer("compareCircuits", request);
  return (
    <Section
      title="Compare two"
      aside={
        <Segmented
          label="Positions"
          value={positions}
          options={[
            { value: "ignore", label: "wherever a part acts" },
            { value: "match", label: "at the same positions" },
          ]}
          onChange={(next) => query.set({ positions: next === "ignore" ? undefined : next })}
        />
      }
    >
      <div className={styles.choices}>
        {(["left", "right"] as const).map((side) => (
          <select
            key={side}
            className={styles.inline}
            style={{ maxWidth: 320 }}
            aria-label={side === "left" ? "First circuit" : "Second circuit"}
            value={(side === "left" ? left : right) ?? ""}
            onChange={(event) => query.set({ [side]: event.target.value })}
          >
            <option value="">choose a circuit</option>
            {circuits.map(({ id, name, nodes }) => (
              <option key={id} value={id}>
                {name} ({nodes})
              </option>
            ))}
          </select>
        ))}
      </div>
      {request !== undefined && (
        <Answer<CircuitComparison> state={state} skeleton={<Skeleton height={120} />} onRetry={retry} inline>
          {(comparison) => <Comparison comparison={comparison} />}
        </Answer>
      )}
    </Section>
  );
}

export function Comparison({ comparison }: { readonly comparison: CircuitComparison }) {
  return (
    <div className={styles.answer}>
      {comparison.warnings.map((warning) => (
        <p key={warning} className={styles.warning} role="status">
          {warning}
        </p>
      ))}
      {(["nodes", "edges"] as const).map((kind) => {
        const overlap = comparison[kind];
        if (overlap === null) return null;
        const { expected } = overlap;
        const share = (value: number | null) => (value === null ? "n/a" : formatFigure(value));
        return (
          <div key={kind}>
            <table className={table.table}>
              <thead>
                <tr>
                  <th scope="col">{kind}</th>
                  <th scope="col" data-align="right">
                    shared
                  </th>
                  <th scope="col" data-align="right">
                    Jaccard
                  </th>
                  <th scope="col" data-align="right">
                    of the first
                  </th>
                  <th scope="col" data-align="right">
                    of the second
                  </th>
                  <th scope="col" data-align="right">
                    by chance
                  </th>
                  <th scope="col" data-align="right">
                    P(as many by chance)
                  </th>
                </tr>
              </thead>
              <tbody>
                <tr>
                  <td>
                    {comparison.left[kind]} and {comparison.right[kind]}
                  </td>
                  <td data-align="right">{overlap.shared.length}</td>
                  <td data-align="right">{share(overlap.jaccard)}</td>
                  <td data-align="right">{share(overlap.ofLeft)}</td>
                  <td data-align="right">{share(overlap.ofRight)}</td>
                  <td data-align="right">{expected === null ? "n/a" : formatFigure(expected.shared)}</td>
                  <td data-align="right">{expected === null ? "n/a" : formatFigure(expected.atLeast)}</td>
                </tr>
              </tbody>
            </table>
            <dl className={table.facts}>
              <dt>shared</dt>
              <dd className="mono">{list(overlap.shared)}</dd>
              <dt>only in the first</dt>
              <dd className="mono">{list(overlap.onlyLeft)}</dd>
              <dt>only in the second</dt>
              <dd className="mono">{list(overlap.onlyRight)}</dd>
            </dl>
            {expected !== null && <p className={styles.note}>By chance: {lowerFirst(expected.description)}</p>}
            <ExportMenu
              name={`circuit-overlap-${kind}`}
              table={() => ({
                header: ["part", "in"],
                rows: [
                  ...overlap.shared.map((part) => [part, "both"]),
                  ...overlap.onlyLeft.map((part) => [part, "first"]),
                  ...overlap.onlyRight.map((part) => [part, "second"]),
                ],
              })}
            />
          </div>
        );
      })}
    </div>
  );
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

const LISTED = 60;

function list(labels: readonly string[]): string {
  if (labels.length === 0) return "none";
  const more = labels.length - LISTED;
  return labels.slice(0, LISTED).join(" ") + (more > 0 ? ` and ${more} more` : "");
}
