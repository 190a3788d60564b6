"use client";
/** One dictionary: what it is, how good it is and by which formula, what a reader must know, and where it fails. */
import type { Route } from "@patchbay/workbench-state";
import { Link } from "../../shell/Link.tsx";
import { Room } from "../../shell/Room.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { Skeleton } from "../../shell/ui/Skeleton.tsx";
import { Answer } from "../common/Answer.tsx";
import { DarkMatterPanel } from "./DarkMatterPanel.tsx";
import styles from "./Dictionaries.module.css";
import { DictionaryBar } from "./DictionaryBar.tsx";
import { DictionaryOverview } from "./DictionaryOverview.tsx";
import { RewritingPanel } from "./RewritingPanel.tsx";
import { useDictionary } from "./use-dictionaries.ts";
import { useDictionaryPlace } from "./use-dictionary-place.ts";

const TITLES = { overview: "", "dark-matter": "dark matter of ", rewriting: "rewriting " } as const;

export function DictionaryRoom({ route }: { readonly route: Extract<Route, { room: "dictionary" }> }) {
  const place = useDictionaryPlace();
  const { model, problem, to } = place;
  const { dictionary: name, part } = route;
  const { state, reload } = useDictionary(model, name);
  const page = state.value?.name === name ? state.value : undefined;
  const bar = <DictionaryBar name={name} part={part} page={page} to={to} />;
  return (
    <Room title={`${TITLES[part]}${name}`} bar={bar}>
      {problem !== undefined && (
        <ErrorState problem={problem} action={<Link href="/models">See the installed models</Link>} />
      )}
      <Answer state={state} skeleton={<PageSkeleton />} onRetry={reload}>
        {(value) => {
          if (model === undefined) return null;
          const shared = { model, page: value, to };
          if (part === "dark-matter") return <DarkMatterPanel {...shared} query={place.query} />;
          if (part === "rewriting") return <RewritingPanel {...shared} query={place.query} />;
          return <DictionaryOverview {...shared} reload={reload} />;
        }}
      </Answer>
    </Room>
  );
}

function PageSkeleton() {
  return (
    <div className={styles.page}>
      <Skeleton width="50%" height={20} />
      <div className={styles.columns}>
        <Skeleton height={320} />
        <Skeleton height={320} />
      </div>
    </div>
  );
}
