"use client";
/** A saved circuit: its parts, how it was found, and whether it does the work. */
import type { CircuitEvaluation, StoredCircuit } from "@patchbay/contract";
import { pathOfRoute, type Route } from "@patchbay/workbench-state";
import { api } from "../../../shell/api.ts";
import { Link } from "../../../shell/Link.tsx";
import { useModel } from "../../../shell/models.ts";
import { Room } from "../../../shell/Room.tsx";
import { useResource } from "../../../shell/resource.ts";
import { EmptyState } from "../../../shell/ui/EmptyState.tsx";
import { Skeleton } from "../../../shell/ui/Skeleton.tsx";
import { Answer } from "../../common/Answer.tsx";
import table from "../../common/common.module.css";
import { type Query, useQuery } from "../../common/query.ts";
import { Section } from "../../common/Section.tsx";
import styles from "../Decompose.module.css";
import { DecomposeBar } from "../DecomposeBar.tsx";
import { SaveFinding } from "../SaveFinding.tsx";
import { useAnswer } from "../use-answer.ts";
import { useForm } from "../use-form.ts";
import { CircuitActions } from "./CircuitActions.tsx";
import { CIRCUITS_RESOURCE } from "./CircuitsPart.tsx";
import { writeNode } from "./circuit-text.ts";
import { EvaluationForm } from "./EvaluationForm.tsx";
import { EvaluationResult } from "./EvaluationResult.tsx";
import { evaluationRequest, readEvaluationView, writeEvaluationView } from "./evaluation-view.ts";

export function CircuitPage({ route }: { readonly route: Extract<Route, { room: "circuit" }> }) {
  const query = useQuery();
  const { state, reload } = useResource<StoredCircuit>(`${CIRCUITS_RESOURCE}one:${route.id}`, (signal) =>
    api.getCircuit({ params: { id: route.id }, signal }),
  );
  const model = useModel(state.value?.circuit.model);
  return (
    <Room title={state.value?.circuit.name ?? "Circuit"} bar={<DecomposeBar current="circuits" model={model} />}>
      <Answer<StoredCircuit>
        state={state}
        skeleton={
          <div className={styles.results}>
            <Skeleton height={240} />
          </div>
        }
        onRetry={reload}
      >
        {(stored) => <CircuitDetails key={stored.id} stored={stored} query={query} />}
      </Answer>
    </Room>
  );
}

function CircuitDetails({ stored, query }: { readonly stored: StoredCircuit; readonly query: Query }) {
  const { circuit, id } = stored;
  const committed = readEvaluationView(query.get);
  const [draft, change] = useForm(committed);
  const request = evaluationRequest(circuit.model, id, committed);
  const { state, retry, cancel } = useAnswer("evaluateCircuit", committed.asked ? request : undefined);
  const ask = () => {
    const view = { ...draft, asked: true };
    if (JSON.stringify(view) === JSON.stringify(committed)) retry();
    else query.set(writeEvaluationView(view), { push: true });
  };
  return (
    <div className={styles.page}>
      <EvaluationForm
        draft={draft}
        change={change}
        state={state}
        hasFeatures={circuit.nodes.some(({ kind }) => kind === "feature")}
        onAsk={ask}
        onCancel={cancel}
      />
      <div className={styles.results}>
        <div className={styles.resultBar}>
          <Link href={pathOfRoute({ room: "decompose", part: "circuits" })}>Circuits</Link>
          <span className="quiet" aria-hidden="true">
            /
          </span>
          <h2 className={styles.headline}>{circuit.name}</h2>
          <span className={styles.space} />
          {committed.asked && request !== undefined && state.status === "ready" && (
            <SaveFinding
              title={`Does “${circuit.name}” do the work?`}
              parts={[
                {
                  role: "circuit",
                  kind: "circuit-evaluation",
                  // The circuit itself, so that the finding outlives the saved one.
                  request: { ...request, circuit: { ...circuit } },
                },
              ]}
            />
          )}
          <CircuitActions stored={stored} />
        </div>
        <Parts stored={stored} />
        {!committed.asked || request === undefined ? (
          <EmptyState title="Does it do the work?">
            Faithful: with everything else ablated the answer stays. Complete: with the circuit ablated the answer goes.
            Minimal: each part is needed. The examples at the left are ready; press Evaluate.
          </EmptyState>
        ) : (
          <Answer<CircuitEvaluation> state={state} skeleton={<Skeleton height={360} />} onRetry={retry}>
            {(result) => <EvaluationResult result={result} />}
          </Answer>
        )}
      </div>
    </div>
  );
}

const LISTED_PARTS = 120;

function Parts({ stored }: { readonly stored: StoredCircuit }) {
  const { circuit, createdAt } = stored;
  const { nodes, edges = [], found, note } = circuit;
  const more = nodes.length - LISTED_PARTS;
  return (
    <Section title="Parts" aside={`${nodes.length} nodes, ${edges.length} edges`}>
      <dl className={table.facts}>
        <dt>nodes</dt>
        <dd className="mono">
          {nodes.length === 0 ? "none" : nodes.slice(0, LISTED_PARTS).map(writeNode).join(" ")}
          {more > 0 && <span className="quiet"> and {more} more</span>}
        </dd>
        {edges.length > 0 && (
          <>
            <dt>edges</dt>
            <dd className="mono">
              {edges
                .slice(0, LISTED_PARTS)
                .map(({ source, target, read }) => {
                  const name = (end: number | "input" | "logits") => {
                    const node = typeof end === "number" ? nodes[end] : undefined;
                    return node === undefined ? String(end) : writeNode(node);
                  };
                  return `${name(source)} → ${name(target)}${read === undefined ? "" : `.${read}`}`;
                })
                .join(", ")}
              {edges.length > LISTED_PARTS && <span className="quiet"> and {edges.length - LISTED_PARTS} more</span>}
            </dd>
          </>
        )}
        {note !== undefined && note !== "" && (
          <>
            <dt>note</dt>
            <dd style={{ whiteSpace: "pre-line" }}>{note}</dd>
          </>
        )}
        <dt>found</dt>
        <dd>
          {found === undefined ? (
            "not said"
          ) : typeof found === "string" ? (
            found
          ) : (
            <details>
              <summary>{operationOf(found) ?? "as written"}</summary>
              <pre className="mono" style={{ whiteSpace: "pre-wrap" }}>
                {JSON.stringify(found, null, 2)}
              </pre>
            </details>
          )}
        </dd>
        <dt>model</dt>
        <dd>
          {circuit.model}{" "}
          <span className="quiet mono" title={circuit.modelHash}>
            {circuit.modelHash?.slice(0, 12)}
          </span>
        </dd>
        <dt>saved</dt>
        <dd>{new Date(createdAt).toLocaleString()}</dd>
      </dl>
    </Section>
  );
}

function operationOf(found: unknown): string | undefined {
  if (typeof found !== "object" || found === null || !("operation" in found)) return undefined;
  return typeof found.operation === "string" ? `by ${found.operation}` : undefined;
}
