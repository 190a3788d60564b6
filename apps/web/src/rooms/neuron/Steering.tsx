import { type DifferenceMark, markDifferences } from "@patchbay/workbench-state";
import { useMemo } from "react";
import { useCommands } from "../../shell/commands.ts";
import { Button } from "../../shell/ui/Button.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { Kbd } from "../../shell/ui/Kbd.tsx";
import type { Query } from "../common/query.ts";
import { Section } from "../common/Section.tsx";
import { useDraft } from "../common/use-draft.ts";
import type { GeneratedToken } from "../common/wire.ts";
import styles from "./Neuron.module.css";
import continuation from "./Steering.module.css";
import { type SteeringCall, type SteeringSubject, steeringRequests } from "./use-steering.ts";

const SHOWN_PROMPT = 28;

/** The same text continued without and with the clamp. */
export function Steering({
  subject,
  steering,
  query,
  group = "Neuron",
}: {
  readonly subject: SteeringSubject;
  readonly steering: SteeringCall;
  readonly query: Query;
  /** Of the palette's command: whose page this is. */
  readonly group?: string;
}) {
  const { state, start, cancel } = steering;
  const running = state.status === "running";
  useCommands([
    {
      id: "steering-generate",
      title: "Generate with and without the clamp",
      group,
      keys: ["g", "mod+enter"],
      inFields: true,
      run: () => start(subject),
    },
  ]);
  const marks = useMemo(
    () => markDifferences(state.before, state.after, (a: GeneratedToken, b: GeneratedToken) => a.id === b.id),
    [state.before, state.after],
  );
  const stale =
    state.requests !== undefined && JSON.stringify(state.requests) !== JSON.stringify(steeringRequests(subject));
  const opening = subject.text.length > SHOWN_PROMPT ? `…${subject.text.slice(-SHOWN_PROMPT)}` : subject.text;
  return (
    <Section
      title="Continuation"
      aside={
        <span className={styles.aside}>
          <SamplingFields subject={subject} query={query} />
          {running ? (
            <Button onClick={cancel}>Stop</Button>
          ) : (
            <Button onClick={() => start(subject)}>
              Generate <Kbd keys="mod+enter" />
            </Button>
          )}
        </span>
      }
    >
      {state.status === "failed" && state.problem !== undefined ? (
        <ErrorState inline problem={state.problem} action={<Button onClick={() => start(subject)}>Try again</Button>} />
      ) : (
        <>
          <div className={continuation.stories} aria-live="polite" aria-busy={running}>
            {(["before", "after"] as const).map((side) => (
              <Story
                key={side}
                name={side}
                opening={opening}
                marks={marks[side]}
                marked={side === "after" && !running}
              />
            ))}
          </div>
          <p className="quiet" role="status">
            {state.status === "idle" && "Generate continues the text twice, without and with the clamp."}
            {state.status === "cancelled" && "Stopped; what came so far is kept."}
            {stale && state.status !== "idle" && "The settings have changed since: generate again to see their effect."}
          </p>
        </>
      )}
    </Section>
  );
}

function Story({
  name,
  opening,
  marks,
  marked,
}: {
  readonly name: "before" | "after";
  readonly opening: string;
  readonly marks: readonly DifferenceMark<GeneratedToken>[];
  readonly marked: boolean;
}) {
  return (
    <>
      <span className="quiet">{name === "before" ? "as it is" : "clamped"}</span>
      <p>
        <span className={continuation.given}>{opening}</span>
        {marks.map(({ item, changed }) =>
          changed && marked ? (
            <mark key={item.position} title={`${item.probability.toFixed(3)}`}>
              {item.delta}
            </mark>
          ) : (
            <span key={item.position} title={`${item.probability.toFixed(3)}`}>
              {item.delta}
            </span>
          ),
        )}
      </p>
    </>
  );
}

function SamplingFields({ subject, query }: { readonly subject: SteeringSubject; readonly query: Query }) {
  const [temperature, setTemperature] = useDraft(
    subject.temperature,
    (value) => query.set({ temperature: value === 0 ? undefined : String(value) }),
    200,
  );
  const [seed, setSeed] = useDraft(
    subject.seed,
    (value) => query.set({ seed: value === 0 ? undefined : String(value) }),
    200,
  );
  return (
    <span className={continuation.sampling}>
      <label title="0 is greedy: always the most probable token">
        temperature
        <input
          type="number"
          min={0}
          max={10}
          step={0.1}
          value={temperature}
          onChange={(event) => setTemperature(Number(event.target.value))}
        />
      </label>
      {temperature > 0 && (
        <label title="The same seed gives the same text">
          seed
          <input
            type="number"
            min={0}
            step={1}
            value={seed}
            onChange={(event) => setSeed(Math.floor(Number(event.target.value)))}
          />
        </label>
      )}
    </span>
  );
}
