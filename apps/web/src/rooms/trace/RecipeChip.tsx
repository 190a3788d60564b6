import { type ApiState, api, useApi } from "../../shell/api.ts";
import { Button } from "../../shell/ui/Button.tsx";
import { Popover } from "../../shell/ui/Popover.tsx";
import { compareNumbers, type NumberComparison } from "./compare-numbers.ts";
import styles from "./Menus.module.css";
import type { TraceData } from "./use-trace-data.ts";

/** What it takes to compute these numbers again, and whether that gives the same. */
export function RecipeChip({ data }: { readonly data: TraceData }) {
  const { state, call } = useApi<NumberComparison & { readonly hash: string }>();
  const { run, requests } = data;
  const recipe = run?.recipe;
  if (recipe === undefined || requests === undefined) return <span className={styles.recipePlace} />;
  const verdict = state.status === "ready" && state.value.hash === recipe.hash ? state.value : undefined;
  const replay = () =>
    call(async (signal) => {
      const again = await api.run({ body: requests.before, signal });
      return { ...compareNumbers(run?.results, again.results), hash: recipe.hash };
    });
  const facts: [string, string][] = [
    ["Model", `${recipe.model} · ${recipe.modelHash.slice(0, 16)}…`],
    ["Engine", recipe.engine],
    ["Runtime", recipe.runtime],
    ["BOS", recipe.bosPrepended ? "prepended" : "not prepended"],
    ["Normalisation", recipe.normalisation],
    ["Arithmetic", recipe.dtype],
    ["Weights", recipe.weights],
    ["Recipe sha256", `${recipe.hash.slice(0, 16)}…`],
  ];
  return (
    <span className={styles.recipePlace}>
      <Popover
        label="Recipe"
        side="top"
        align="end"
        trigger={(trigger) => (
          <button
            type="button"
            className={styles.recipe}
            title="What it takes to compute these numbers again"
            {...trigger}
          >
            {replayWord(state, verdict)} model {recipe.modelHash.slice(0, 8)} · engine {recipe.engine} · BOS{" "}
            {recipe.bosPrepended ? "on" : "off"}
          </button>
        )}
      >
        {() => (
          <div className={styles.recipeFacts}>
            <dl>
              {facts.map(([name, value]) => (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd>{value}</dd>
                </div>
              ))}
            </dl>
            <p role="status">
              {verdict === undefined
                ? "Run it again without any cache in this page, and compare every number."
                : verdict.largest === 0
                  ? `Same: ${verdict.count.toLocaleString("en-US")} numbers, equal to the last bit.`
                  : `Differs by at most ${verdict.largest.toExponential(1)} over ${verdict.count.toLocaleString("en-US")} numbers.`}
              {state.status === "failed" && ` ${state.problem.detail}`}
            </p>
            <Button onClick={() => void replay()} disabled={state.status === "pending"}>
              {state.status === "pending" ? "Running…" : "Replay"}
            </Button>
          </div>
        )}
      </Popover>
    </span>
  );
}

function replayWord(state: ApiState<unknown>, verdict: NumberComparison | undefined): string {
  if (state.status === "pending") return "replaying… ·";
  if (verdict === undefined) return "";
  return verdict.largest === 0 ? "replays: same ·" : `replays: differs by ${verdict.largest.toExponential(0)} ·`;
}
