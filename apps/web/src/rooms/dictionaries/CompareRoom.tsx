"use client";
/** Two dictionaries side by side (Paulo & Belrose 2025): which features both have. The whole question is in the address. */
import type { Comparison } from "@patchbay/contract";
import { useMemo } from "react";
import { api } from "../../shell/api.ts";
import { useCommands } from "../../shell/commands.ts";
import { Link } from "../../shell/Link.tsx";
import { Room } from "../../shell/Room.tsx";
import { useResource } from "../../shell/resource.ts";
import { EmptyState } from "../../shell/ui/EmptyState.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { Skeleton } from "../../shell/ui/Skeleton.tsx";
import { Answer } from "../common/Answer.tsx";
import compare from "./Compare.module.css";
import { CompareForm } from "./CompareForm.tsx";
import { ComparisonFigures } from "./ComparisonFigures.tsx";
import { comparisonRequest, readCompareView, writeCompareView } from "./compare-view.ts";
import styles from "./Dictionaries.module.css";
import { PairTable } from "./PairTable.tsx";
import { useDictionaries } from "./use-dictionaries.ts";
import { useDictionaryPlace } from "./use-dictionary-place.ts";

export function CompareRoom() {
  const { model, problem, query, to } = useDictionaryPlace();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text holds all that get reads
  const view = useMemo(() => readCompareView(query.get), [query.text]);
  const list = useDictionaries(model);
  const request = model === undefined ? undefined : comparisonRequest(model.name, view);
  const key = request === undefined ? undefined : `comparison:${model?.hash}:${JSON.stringify(request)}`;
  const { state, reload } = useResource<Comparison>(
    key,
    (signal) => {
      if (request === undefined) throw new Error("Nothing is asked before both sides are chosen.");
      return api.compareDictionaries({ body: request, signal });
    },
    { delay: 250 },
  );
  const change = (part: Parameters<typeof writeCompareView>[0]) => query.set(writeCompareView(part));
  const swap = () => change({ left: view.right, right: view.left });
  useCommands([
    { id: "compare-swap", title: "Swap left and right", group: "Compare", keys: ["x"], run: swap },
    {
      id: "compare-table",
      title: "Go to the pairs",
      group: "Compare",
      keys: ["arrowdown"],
      run: () => document.querySelector<HTMLElement>("[data-virtual-table]")?.focus(),
    },
  ]);
  const bar = (
    <>
      <Link href={to.list()} className={styles.crumb}>
        Dictionaries
      </Link>
      <span className="quiet" aria-hidden="true">
        /
      </span>
      <h1 className={styles.title}>Compare</h1>
      <span className="quiet">do two dictionaries find the same features?</span>
    </>
  );
  if (problem !== undefined) {
    return (
      <Room title="Compare dictionaries" bar={bar}>
        <ErrorState problem={problem} action={<Link href="/models">See the installed models</Link>} />
      </Room>
    );
  }
  return (
    <Room title="Compare dictionaries" bar={bar} scroll={false}>
      <div className={compare.compareRoom}>
        <div className={compare.compareHead}>
          <CompareForm view={view} dictionaries={list.state.value?.dictionaries} onChange={change} onSwap={swap} />
        </div>
        {request === undefined ? (
          <EmptyState title="Choose two dictionaries of the same site">
            Trained alike but for the seed, they should find the same features if features are real. How many they share
            is the question of this page.
          </EmptyState>
        ) : (
          <Answer state={state} skeleton={<Skeleton height={260} />} onRetry={reload}>
            {(comparison) => (
              <div className={compare.compared}>
                <ComparisonFigures
                  comparison={comparison}
                  view={view}
                  onThreshold={(threshold) => change({ threshold })}
                />
                <PairTable comparison={comparison} view={view} to={to} onList={(next) => change({ list: next })} />
              </div>
            )}
          </Answer>
        )}
      </div>
    </Room>
  );
}
