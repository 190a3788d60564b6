import type { Intervention, ModelSummary, ObservableRequest, ObservableResult } from "@patchbay/contract";
import { SITE_KINDS } from "@patchbay/vocabulary";
import { MOST_DIRECTION_DIMENSIONS, type Patch, tracePath, writeDirection } from "@patchbay/workbench-state";
import { api, useApi } from "../../../shell/api.ts";
import { copyText } from "../../../shell/clipboard.ts";
import { Link } from "../../../shell/Link.tsx";
import { Button } from "../../../shell/ui/Button.tsx";
import { ErrorState } from "../../../shell/ui/ErrorState.tsx";
import { formatProbability } from "../../../shell/ui/format-number.ts";
import { TokenChip } from "../../../shell/ui/TokenChip.tsx";
import table from "../../common/common.module.css";
import { formatFigure } from "../../common/format-figure.ts";
import { numberIn, type Query } from "../../common/query.ts";
import { Section } from "../../common/Section.tsx";
import styles from "../Decompose.module.css";
import { chosenPath } from "./ObservablesResult.tsx";
import { vectorRequest } from "./observables-view.ts";
import { observableValue, randomSteering } from "./steering.ts";

interface Trial {
  readonly name: string;
  readonly value: number | undefined;
  readonly leader: { readonly text: string; readonly probability: number } | undefined;
}

interface Trials {
  readonly key: string;
  readonly trials: readonly Trial[];
  readonly steer: readonly Intervention[];
  readonly direction: readonly number[];
  readonly site: string;
}

const USUAL_COEFFICIENT = 1;

/** The direction used as a patch, in the model itself: pushed along it, against it, without it, and along a random one. */
export function SteeringTest({
  model,
  request,
  result,
  query,
}: {
  readonly model: ModelSummary;
  readonly request: ObservableRequest;
  readonly result: ObservableResult;
  readonly query: Query;
}) {
  const { state, call, cancel } = useApi<Trials>();
  const { place, observable, path } = chosenPath(result, query);
  const coefficient = numberIn(query.get("dose")) ?? USUAL_COEFFICIENT;
  if (observable === undefined || path === undefined) return null;
  const named = result.paths[path.path];
  const label = named?.label ?? String(path.path);
  const key = JSON.stringify([request, place, path.path, coefficient]);
  const input = request.input ?? {};

  const measure = async (name: string, interventions: readonly Intervention[], signal: AbortSignal): Promise<Trial> => {
    const answer = await api.run({
      body: {
        model: model.name,
        input,
        ...(interventions.length === 0 ? {} : { interventions: [...interventions] }),
        compute: { logits: { positions: "last", top: 1, tokens: observable.tokens.map(({ id }) => id) } },
      },
      signal,
    });
    const logits = answer.results.logits;
    const values = new Map(
      logits?.tracked?.tokens.map(({ id }, i): [number, number] => [id, logits.tracked?.logits.data[i] ?? Number.NaN]),
    );
    const leader = logits?.topIds.data[0];
    const text = leader === null || leader === undefined ? undefined : (answer.texts[leader] ?? `#${leader}`);
    return {
      name,
      value: observableValue(observable, values),
      leader: text === undefined ? undefined : { text, probability: logits?.topProbabilities.data[0] ?? Number.NaN },
    };
  };

  const run = () =>
    void call(async (signal) => {
      const answer = await api.observe({ body: vectorRequest(request, place, path.path, coefficient), signal });
      const vector = answer.vectors?.[0];
      if (vector === undefined) throw new Error("The server gave no direction for this path.");
      const against = vector.steer.map((each) =>
        each.op === "add" ? { ...each, coefficient: -(each.coefficient ?? 1) } : each,
      );
      const trials = [
        await measure("as it is", [], signal),
        await measure(`+${formatFigure(coefficient)} along the direction`, vector.steer, signal),
        await measure(`${formatFigure(-coefficient)} along it`, against, signal),
        await measure("without the stream’s part along it", vector.ablate, signal),
        await measure(`${formatFigure(coefficient)} along a random direction`, randomSteering(vector.steer, 1), signal),
      ];
      return { key, trials, steer: vector.steer, direction: vector.values, site: vector.site };
    });
  const shown = state.value?.key === key ? state.value : undefined;
  const before = shown?.trials[0]?.value;
  const last = named?.components.at(-1);
  return (
    <Section
      title={`Use the direction of ${label} as a patch`}
      aside="logits at the last position of the reference prompt"
    >
      <div className={styles.chipRow}>
        <label>
          <span className="quiet">length </span>
          <input
            className={styles.inline}
            type="number"
            step="any"
            style={{ width: 76 }}
            value={coefficient}
            onChange={(event) => query.set({ dose: event.target.value })}
          />
        </label>
        <Button onClick={run} disabled={state.status === "pending"}>
          Try it in the model
        </Button>
        {state.status === "pending" && (
          <>
            <Button onClick={cancel}>Cancel</Button>
            <span className="quiet" role="status">
              Five runs …
            </span>
          </>
        )}
        {shown !== undefined && (
          <Button
            title="The list for the interventions of a run or a generation"
            onClick={() => void copyText(JSON.stringify(shown.steer), "Intervention")}
          >
            Copy as an intervention
          </Button>
        )}
        {shown !== undefined && shown.direction.length <= MOST_DIRECTION_DIMENSIONS && (
          <Link
            href={tracePath({
              model: model.name,
              prompt: input.text ?? "",
              patches: [along(shown, coefficient, `${observable.name} by ${label}`)],
            })}
          >
            Open Trace with it as a patch
          </Link>
        )}
        {last !== undefined && (
          <Link href={tracePath({ model: model.name, prompt: input.text ?? "", patches: [silenced(last)] })}>
            Open Trace with {label} silenced
          </Link>
        )}
      </div>
      {state.status === "failed" && <ErrorState inline problem={state.problem} />}
      {shown !== undefined && (
        <>
          <table className={table.table}>
            <thead>
              <tr>
                <th scope="col">run</th>
                <th scope="col" data-align="right">
                  {observable.name} (logits)
                </th>
                <th scope="col" data-align="right">
                  change
                </th>
                <th scope="col">leading token, P</th>
              </tr>
            </thead>
            <tbody>
              {shown.trials.map(({ name, value, leader }, i) => (
                <tr key={name}>
                  <td>{name}</td>
                  <td data-align="right">{value === undefined ? "n/a" : formatFigure(value)}</td>
                  <td data-align="right">
                    {i === 0 || value === undefined || before === undefined ? "" : formatFigure(value - before)}
                  </td>
                  <td>
                    {leader !== undefined && (
                      <>
                        <TokenChip text={leader.text} /> {formatProbability(leader.probability)}
                      </>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          <p className={styles.note}>
            Added at <span className="mono">{shown.site}</span>, every position; everything after it recomputes. The
            random direction has the same length.
          </p>
        </>
      )}
    </Section>
  );
}

/** The direction at the site that the server names, as Trace holds it. */
function along({ site, direction }: Trials, value: number, name: string): Patch {
  const [, layer = "0", kind = ""] = /^blocks\.(\d+)\.(.+)$/.exec(site) ?? [];
  return {
    cable: "gold",
    site: { kind: SITE_KINDS.find((known) => known === kind) ?? "hook_resid_pre", layer: Number(layer) },
    units: undefined,
    operation: { op: "direction", value, name, vector: writeDirection(direction) },
    positions: "all",
    muted: false,
  };
}

function silenced(component: ObservableResult["paths"][number]["components"][number]): Patch {
  const isHead = component.kind === "head";
  return {
    cable: "orange",
    site: { kind: isHead ? "attn.hook_z" : "hook_mlp_out", layer: component.layer },
    units: isHead ? [component.head] : undefined,
    operation: { op: "zero" },
    positions: "all",
    muted: false,
  };
}
