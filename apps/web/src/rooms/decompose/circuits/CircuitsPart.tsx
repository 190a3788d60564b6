import type { CircuitSummary, ModelSummary } from "@patchbay/contract";
import { pathOfRoute } from "@patchbay/workbench-state";
import { useState } from "react";
import { api, useApi } from "../../../shell/api.ts";
import { Link } from "../../../shell/Link.tsx";
import { navigate } from "../../../shell/location.ts";
import { forgetResources, useResource } from "../../../shell/resource.ts";
import { Button } from "../../../shell/ui/Button.tsx";
import { EmptyState } from "../../../shell/ui/EmptyState.tsx";
import { ErrorState } from "../../../shell/ui/ErrorState.tsx";
import { Field } from "../../../shell/ui/Field.tsx";
import { Skeleton } from "../../../shell/ui/Skeleton.tsx";
import { Answer } from "../../common/Answer.tsx";
import table from "../../common/common.module.css";
import type { Query } from "../../common/query.ts";
import { Section } from "../../common/Section.tsx";
import styles from "../Decompose.module.css";
import { submitKey } from "../submit-key.ts";
import { CompareCircuits } from "./CompareCircuits.tsx";
import { readNodes } from "./circuit-text.ts";

export const CIRCUITS_RESOURCE = "saved-circuits:";

/** The circuits that were saved, whatever found them; one made by hand; two compared. */
export function CircuitsPart({ model, query }: { readonly model: ModelSummary; readonly query: Query }) {
  const { state, reload } = useResource(`${CIRCUITS_RESOURCE}${model.name}`, (signal) =>
    api.listCircuits({ query: { model: model.name, limit: 200 }, signal }),
  );
  return (
    <div className={styles.page}>
      <HandMade model={model.name} />
      <div className={styles.results}>
        <Answer state={state} skeleton={<Skeleton height={240} />} onRetry={reload}>
          {({ circuits, total }) =>
            circuits.length === 0 ? (
              <EmptyState
                title="No circuit is saved yet"
                action={<Link href="/decompose?show=circuit">Find one by decomposition</Link>}
              >
                Write the heads and MLPs that you believe in at the left and save them: the page of a circuit tests
                whether it does the work, and whether anything else does.
              </EmptyState>
            ) : (
              <>
                <CircuitTable circuits={circuits} total={total} />
                {circuits.length > 1 && <CompareCircuits model={model.name} circuits={circuits} query={query} />}
              </>
            )
          }
        </Answer>
      </div>
    </div>
  );
}

function CircuitTable({ circuits, total }: { readonly circuits: readonly CircuitSummary[]; readonly total: number }) {
  return (
    <Section
      title="Saved circuits"
      aside={total > circuits.length ? `newest ${circuits.length} of ${total}` : `${total}`}
    >
      <table className={table.table}>
        <thead>
          <tr>
            <th scope="col">name</th>
            <th scope="col">kinds</th>
            <th scope="col" data-align="right">
              nodes
            </th>
            <th scope="col" data-align="right">
              edges
            </th>
            <th scope="col">saved</th>
          </tr>
        </thead>
        <tbody>
          {circuits.map((circuit) => (
            <tr key={circuit.id}>
              <td>
                <Link href={pathOfRoute({ room: "circuit", id: circuit.id })}>{circuit.name}</Link>
              </td>
              <td className="quiet">{circuit.kinds.join(", ")}</td>
              <td data-align="right">{circuit.nodes}</td>
              <td data-align="right">{circuit.edges}</td>
              <td className="quiet">{new Date(circuit.createdAt).toLocaleString()}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function HandMade({ model }: { readonly model: string }) {
  const [name, setName] = useState("");
  const [text, setText] = useState("");
  const [note, setNote] = useState("");
  const { state, call } = useApi<CircuitSummary>();
  const { nodes, unread } = readNodes(text);
  const problem =
    unread.length > 0
      ? `Not understood: ${unread.slice(0, 4).join(" ")}`
      : nodes.length === 0
        ? "Name at least one part."
        : undefined;
  async function save() {
    const saved = await call((signal) =>
      api.saveCircuit({
        body: {
          name: name.trim() === "" ? text.trim().slice(0, 200) : name.trim(),
          ...(note.trim() === "" ? {} : { note: note.trim() }),
          model,
          found: "by hand",
          nodes: [...nodes],
        },
        signal,
      }),
    );
    if (saved === undefined) return;
    forgetResources(CIRCUITS_RESOURCE);
    navigate(pathOfRoute({ room: "circuit", id: saved.id }));
  }
  return (
    <form
      className={styles.form}
      aria-label="A circuit by hand"
      onKeyDown={submitKey}
      onSubmit={(event) => {
        event.preventDefault();
        if (problem === undefined) void save();
      }}
    >
      <p className={styles.formIntroduction}>
        A circuit is a set of parts that is said to do something. Write one down, then test it: everything else is
        ablated, it itself is ablated, and each of its parts.
      </p>
      <Field
        label="Parts"
        error={text === "" ? undefined : problem}
        hint={
          nodes.length > 0
            ? `${nodes.length} ${nodes.length === 1 ? "part" : "parts"}`
            : "heads L5H1, MLPs L3.mlp, neurons L2N45, features mlp-2[1027], tokens T4; @-1 for a position"
        }
      >
        {(props) => (
          <textarea
            {...props}
            className="mono"
            rows={4}
            value={text}
            placeholder="L4H4 L5H1 L3.mlp"
            spellCheck={false}
            onChange={(event) => setText(event.target.value)}
          />
        )}
      </Field>
      <Field label="Name" hint="Default: its parts.">
        {(props) => <input {...props} value={name} maxLength={200} onChange={(event) => setName(event.target.value)} />}
      </Field>
      <Field label="Note" hint="What is it said to do? Optional.">
        {(props) => (
          <textarea
            {...props}
            rows={2}
            value={note}
            maxLength={20_000}
            onChange={(event) => setNote(event.target.value)}
          />
        )}
      </Field>
      {state.status === "failed" && <ErrorState inline problem={state.problem} />}
      <Button
        type="submit"
        kind="primary"
        disabled={problem !== undefined || state.status === "pending"}
        title={problem}
      >
        Save and test it
      </Button>
      <p className={styles.note}>
        Or <Link href="/decompose?show=circuit">find one by decomposition</Link>, and save its first n.
      </p>
    </form>
  );
}
