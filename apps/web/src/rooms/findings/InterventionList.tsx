import { Section } from "../common/Section.tsx";
import styles from "./Findings.module.css";
import { errorWords, steeringWords } from "./intervention-words.ts";

/** The stored interventions as sentences; the whole JSON stands in the download. */
export function InterventionList({ interventions }: { readonly interventions: readonly unknown[] }) {
  return (
    <Section title="Patches" aside="in the order of application">
      <ul className={styles.patches}>
        {interventions.map((intervention) => (
          <li key={JSON.stringify(intervention)}>
            <span className={styles.jack} aria-hidden="true" />
            {sentence(intervention)}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function sentence(intervention: unknown) {
  if (typeof intervention !== "object" || intervention === null) return <code>{JSON.stringify(intervention)}</code>;
  const field = (name: string): unknown =>
    name in intervention ? (intervention as Record<string, unknown>)[name] : undefined;
  const units = field("units") ?? field("heads");
  const positions = field("positions") ?? "all";
  const value = field("value");
  const [steering, error] = [steeringWords(intervention), errorWords(intervention)];
  return (
    <>
      <code>
        {String(field("site"))}
        {Array.isArray(units) ? `[${units.join(", ")}]` : ""}
      </code>{" "}
      {String(field("op"))} {steering !== undefined && <b>{steering}</b>}
      {value !== undefined && <b>{String(value).replace("-", "−")}</b>}
      {field("unit") === "maximum" ? " × maximum" : ""}{" "}
      <span className="quiet">
        ·{" "}
        {Array.isArray(positions)
          ? `positions ${positions.join(", ")}`
          : `${String(positions)} position${positions === "all" ? "s" : ""}`}
        {error === undefined ? "" : ` · ${error}`}
        {field("muted") === true ? " · muted" : ""}
      </span>
    </>
  );
}
