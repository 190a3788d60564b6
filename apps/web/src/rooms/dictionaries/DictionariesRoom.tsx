"use client";
/** The dictionaries of a model: how good each is, at a glance, and the ways to compare, to measure and to train. */
import type { ModelSummary } from "@patchbay/contract";
import { useRef, useState } from "react";
import { useCommands } from "../../shell/commands.ts";
import { Link } from "../../shell/Link.tsx";
import { navigate } from "../../shell/location.ts";
import { useModels } from "../../shell/models.ts";
import { Room } from "../../shell/Room.tsx";
import { EmptyState } from "../../shell/ui/EmptyState.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { formatCount } from "../../shell/ui/format-number.ts";
import { Segmented } from "../../shell/ui/Segmented.tsx";
import ui from "../../shell/ui/ui.module.css";
import { Answer } from "../common/Answer.tsx";
import { SkeletonStack } from "../common/SkeletonStack.tsx";
import { AddDictionary } from "./AddDictionary.tsx";
import styles from "./Dictionaries.module.css";
import { DictionaryTable } from "./DictionaryTable.tsx";
import { groupDictionaries } from "./dictionary-groups.ts";
import { MeasureMissing } from "./MeasureMissing.tsx";
import { forgetDictionaries, useDictionaries } from "./use-dictionaries.ts";
import { useDictionaryPlace } from "./use-dictionary-place.ts";

export function DictionariesRoom() {
  const place = useDictionaryPlace();
  const { model, problem, to } = place;
  const { models } = useModels();
  const { state, reload } = useDictionaries(model);
  const [filter, setFilter] = useState("");
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const search = useRef<HTMLInputElement>(null);
  const comparison = to.compare(chosen[0], chosen[1]);
  useCommands([
    {
      id: "dictionaries-filter",
      title: "Filter",
      group: "Dictionaries",
      keys: ["/"],
      run: () => search.current?.focus(),
    },
    {
      id: "dictionaries-compare",
      title: "Compare two",
      group: "Dictionaries",
      keys: ["c"],
      run: () => navigate(comparison),
    },
    {
      id: "dictionaries-train",
      title: "Train a new one",
      group: "Dictionaries",
      keys: ["t"],
      run: () => navigate(to.train()),
    },
  ]);
  const onMeasured = () => {
    forgetDictionaries();
    reload();
  };
  const count = state.value?.dictionaries.length ?? 0;
  const bar = (
    <>
      <h1 className={styles.title}>Dictionaries</h1>
      {models.length > 1 && model !== undefined ? (
        <Segmented
          label="Model"
          value={model.name}
          options={models.map(({ name }) => ({ value: name, label: name }))}
          onChange={(name) => place.query.set({ model: name }, { push: true })}
        />
      ) : (
        <span className="quiet">{model?.name}</span>
      )}
      {count > 1 && (
        <input
          ref={search}
          type="search"
          className={styles.filter}
          aria-label="Filter by name, site or kind"
          placeholder="Filter: name, site, kind"
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
      )}
      <span className={styles.space} />
      {count > 1 && (
        <Link href={comparison} className={ui.button} data-kind="plain">
          Compare{chosen.length > 0 ? ` (${chosen.length} of 2)` : ""}
        </Link>
      )}
      <Link href={to.train()} className={ui.button} data-kind="primary">
        Train a new one
      </Link>
    </>
  );
  return (
    <Room title="Dictionaries" bar={bar}>
      {problem !== undefined && (
        <ErrorState problem={problem} action={<Link href="/models">See the installed models</Link>} />
      )}
      <Answer state={state} skeleton={<ListSkeleton />} onRetry={reload}>
        {(list) => {
          const groups = groupDictionaries(list.dictionaries, filter);
          if (list.dictionaries.length === 0 && model !== undefined) return <NoDictionaries model={model} />;
          return (
            <div className={styles.page}>
              {model !== undefined && (
                <MeasureMissing model={model} dictionaries={list.dictionaries} onMeasured={onMeasured} />
              )}
              {list.problems.map(({ folder, detail }) => (
                <ErrorState
                  key={folder}
                  inline
                  problem={{ title: "A folder does not open as a dictionary", detail, at: folder }}
                />
              ))}
              {groups.map((group) => (
                <DictionaryTable key={group.set ?? ""} group={group} to={to} chosen={chosen} onChosen={setChosen} />
              ))}
              {groups.length === 0 && <p className="quiet">No dictionary has “{filter}” in its name, site or kind.</p>}
              <p className={styles.foot}>
                {formatCount(list.dictionaries.reduce((sum, { features }) => sum + features, 0))} features in{" "}
                {list.dictionaries.length} dictionaries. Variance unexplained is about the mean; loss recovered is given
                against zero and against mean ablation, because the first alone flatters; loss is what splicing adds, in
                nats a token. A dead feature fired on none of the measured tokens.
              </p>
              {model !== undefined && <AddDictionary model={model.name} />}
            </div>
          );
        }}
      </Answer>
    </Room>
  );
}

function NoDictionaries({ model }: { readonly model: ModelSummary }) {
  return (
    <div className={styles.page}>
      <EmptyState title={`No dictionary of ${model.name} yet`}>
        A dictionary is an SAE or a transcoder: it writes an activation as a sum of a few learned features. Add one that
        somebody published, or train your own here.
      </EmptyState>
      <AddDictionary model={model.name} />
    </div>
  );
}

function ListSkeleton() {
  return (
    <div className={styles.page}>
      <SkeletonStack count={7} height={34} />
    </div>
  );
}
