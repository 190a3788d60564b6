"use client";
/** Exact ways to take an answer apart: shares of tokens and sets, observables, facts; and the circuits that were saved. */
import { type DecomposePart, pathOfRoute, type Route } from "@patchbay/workbench-state";
import { Link } from "../../shell/Link.tsx";
import { Room } from "../../shell/Room.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { Skeleton } from "../../shell/ui/Skeleton.tsx";
import { useQuery } from "../common/query.ts";
import { CircuitsPart } from "./circuits/CircuitsPart.tsx";
import styles from "./Decompose.module.css";
import { DecomposeBar } from "./DecomposeBar.tsx";
import { FactsPart } from "./facts/FactsPart.tsx";
import { ObservablesPart } from "./observables/ObservablesPart.tsx";
import { TokensPart } from "./tokens/TokensPart.tsx";
import { usePlace } from "./use-place.ts";

const PARTS = { tokens: TokensPart, observables: ObservablesPart, facts: FactsPart, circuits: CircuitsPart } as const;
const TITLES: Readonly<Record<DecomposePart, string>> = {
  tokens: "Tokens & sets",
  observables: "Observables",
  facts: "Facts",
  circuits: "Circuits",
};

export function DecomposeRoom({ route }: { readonly route: Extract<Route, { room: "decompose" }> }) {
  const query = useQuery();
  const { model, problem } = usePlace(query.get("model"));
  const Part = PARTS[route.part];
  return (
    <Room title={TITLES[route.part]} bar={<DecomposeBar current={route.part} model={model} />}>
      {problem !== undefined ? (
        <ErrorState problem={problem} action={<Link href={pathOfRoute({ room: "models" })}>See the models</Link>} />
      ) : model === undefined ? (
        <div className={styles.results}>
          <Skeleton height={240} />
        </div>
      ) : (
        <Part key={model.name} model={model} query={query} />
      )}
    </Room>
  );
}
