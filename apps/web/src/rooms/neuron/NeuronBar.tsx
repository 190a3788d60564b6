import type { ModelSummary, NeuronPage } from "@patchbay/contract";
import { neuronLabel, parseNeuronLabel } from "@patchbay/vocabulary";
import { pathOfRoute, type Route } from "@patchbay/workbench-state";
import { type FormEvent, useRef, useState } from "react";
import { useCommands } from "../../shell/commands.ts";
import { Link } from "../../shell/Link.tsx";
import { navigate } from "../../shell/location.ts";
import { Button } from "../../shell/ui/Button.tsx";
import { Kbd } from "../../shell/ui/Kbd.tsx";
import { type Query, withQuery } from "../common/query.ts";
import styles from "./Neuron.module.css";

interface Address {
  readonly layer: number;
  readonly neuron: number;
}

/** Which neuron this is, and the ways to others. The reader's text goes along. */
export function NeuronBar({
  route,
  model,
  page,
  query,
}: {
  readonly route: Extract<Route, { room: "neuron" }>;
  readonly model: ModelSummary | undefined;
  readonly page: NeuronPage | undefined;
  readonly query: Query;
}) {
  const jump = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState("");
  const [refused, setRefused] = useState(false);
  const go = (address: Address | null | undefined) => {
    if (address === null || address === undefined) return;
    // Followed tokens and a value belong to the neuron before.
    const kept = withQuery(query.text, { token: undefined, value: undefined });
    navigate(pathOfRoute({ room: "neuron", model: route.model, ...address }) + kept);
  };
  const random = () =>
    model !== undefined && go({ layer: randomBelow(model.layers), neuron: randomBelow(model.neuronsPerLayer) });
  useCommands([
    { id: "neuron-previous", title: "Previous neuron", group: "Neuron", keys: ["["], run: () => go(page?.previous) },
    { id: "neuron-next", title: "Next neuron", group: "Neuron", keys: ["]"], run: () => go(page?.next) },
    { id: "neuron-random", title: "Random neuron", group: "Neuron", keys: ["r"], run: () => void random() },
    { id: "neuron-jump", title: "Jump to a neuron", group: "Neuron", keys: ["/"], run: () => jump.current?.focus() },
  ]);
  const onJump = (event: FormEvent) => {
    event.preventDefault();
    const address = parseNeuronLabel(typed);
    const exists =
      address !== undefined &&
      model !== undefined &&
      address.layer < model.layers &&
      address.neuron < model.neuronsPerLayer;
    setRefused(!exists);
    if (!exists) return;
    setTyped("");
    jump.current?.blur();
    go(address);
  };
  return (
    <>
      <Link href={pathOfRoute({ room: "atlas", model: route.model })} className={styles.crumb}>
        {route.model}
      </Link>
      <span className="quiet" aria-hidden="true">
        /
      </span>
      <h1 className={styles.label}>{neuronLabel(route)}</h1>
      <span className={styles.walk}>
        <Button
          kind="bare"
          disabled={page?.previous === null || page === undefined}
          onClick={() => go(page?.previous)}
          title="Previous neuron"
        >
          previous <Kbd keys="[" />
        </Button>
        <Button
          kind="bare"
          disabled={page?.next === null || page === undefined}
          onClick={() => go(page?.next)}
          title="Next neuron"
        >
          next <Kbd keys="]" />
        </Button>
        <Button kind="bare" disabled={model === undefined} onClick={random} title="A random neuron of the model">
          random <Kbd keys="r" />
        </Button>
      </span>
      <form onSubmit={onJump} className={styles.jump}>
        <input
          ref={jump}
          aria-label="Jump to a neuron, such as L3N417"
          aria-invalid={refused}
          placeholder="Jump to L3N417"
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            setRefused(false);
          }}
        />
        {refused && (
          <span role="alert" className={styles.refused}>
            {model === undefined ? "no such neuron" : `L0 … L${model.layers - 1}, N0 … N${model.neuronsPerLayer - 1}`}
          </span>
        )}
      </form>
      <span className={styles.spacer} />
      <span id="neuron-actions" className={styles.actions} />
    </>
  );
}

function randomBelow(count: number): number {
  return Math.floor(Math.random() * count);
}
