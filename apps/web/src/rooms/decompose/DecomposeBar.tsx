import type { ModelSummary } from "@patchbay/contract";
import { type DecomposePart, pathOfRoute } from "@patchbay/workbench-state";
import { Link } from "../../shell/Link.tsx";
import { useModels } from "../../shell/models.ts";
import { useQuery } from "../common/query.ts";
import styles from "./Decompose.module.css";

const TABS: readonly (readonly [DecomposePart, string])[] = [
  ["tokens", "Tokens & sets"],
  ["observables", "Observables"],
  ["facts", "Facts"],
  ["circuits", "Circuits"],
];

/** The model and the questions of the room; each question has an address of its own. */
export function DecomposeBar({
  current,
  model,
}: {
  readonly current: DecomposePart;
  readonly model: ModelSummary | undefined;
}) {
  const query = useQuery();
  const { models } = useModels();
  const named = query.get("model");
  const search = named === undefined ? "" : `?${new URLSearchParams({ model: named })}`;
  return (
    <>
      {models.length > 1 ? (
        <select
          className={styles.model}
          aria-label="Model"
          value={model?.name ?? ""}
          onChange={(event) => query.set({ model: event.target.value, asked: undefined }, { push: true })}
        >
          {models.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      ) : (
        <span className={styles.modelName}>{model?.name}</span>
      )}
      <h1 className="visually-hidden">Decompose</h1>
      <nav className={styles.tabs} aria-label="Decompose">
        {TABS.map(([part, label]) => (
          <Link
            key={part}
            href={pathOfRoute({ room: "decompose", part }) + search}
            aria-current={part === current ? "page" : undefined}
          >
            {label}
          </Link>
        ))}
      </nav>
    </>
  );
}
