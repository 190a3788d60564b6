/** What leaves the page: the same patch in Trace, and an immutable finding. They stand in the bar at the top. */
import type { DoseResponseRequest, NeuronPage, RunRequest, SnapshotRequest } from "@patchbay/contract";
import { neuronLabel } from "@patchbay/vocabulary";
import { type Patch, pathOfRoute, tracePath } from "@patchbay/workbench-state";
import { useEffect, useState } from "react";
import { createPortal } from "react-dom";
import { api, useApi } from "../../shell/api.ts";
import { useCommands } from "../../shell/commands.ts";
import { Link } from "../../shell/Link.tsx";
import { locationStore } from "../../shell/location.ts";
import { showToast } from "../../shell/toasts.ts";
import { Button } from "../../shell/ui/Button.tsx";
import ui from "../../shell/ui/ui.module.css";
import { offerFinding } from "../common/offer-finding.tsx";
import type { Clamp } from "./clamp.ts";
import type { SteeringCall } from "./use-steering.ts";

export function NeuronActions({
  page,
  text,
  patch,
  clamp,
  before,
  after,
  dose,
  steering,
}: {
  readonly page: NeuronPage;
  readonly text: string;
  readonly patch: Patch;
  readonly clamp: Clamp;
  readonly before: RunRequest | undefined;
  readonly after: RunRequest | undefined;
  readonly dose: DoseResponseRequest | undefined;
  readonly steering: SteeringCall;
}) {
  const [place, setPlace] = useState<HTMLElement | null>(null);
  useEffect(() => setPlace(document.getElementById("neuron-actions")), []);
  const shared = useApi<string>();
  const share = async () => {
    if (before === undefined || after === undefined || dose === undefined) return;
    const body = snapshotOf(page, clamp, { before, after, dose, steering });
    const id = await shared.call(async (signal) => (await api.createSnapshot({ body, signal })).id);
    if (id === undefined) return;
    const path = pathOfRoute({ room: "finding", id });
    await offerFinding(path);
  };
  useCommands([
    {
      id: "neuron-share",
      title: "Share this neuron as a finding",
      group: "Neuron",
      keys: ["s"],
      run: () => void share(),
    },
  ]);
  const { state } = shared;
  useEffect(() => {
    if (state.status === "failed") showToast(`Not shared. ${state.problem.detail}`, "bad");
  }, [state]);
  if (place === null) return null;
  return createPortal(
    <>
      <Link
        className={ui.button}
        data-kind="plain"
        href={tracePath({ model: page.model, prompt: text, patches: [patch] })}
      >
        Open in Trace with this patch
      </Link>
      <Button kind="primary" onClick={() => void share()} disabled={state.status === "pending" || after === undefined}>
        {state.status === "pending" ? "Sharing …" : "Share"}
      </Button>
    </>,
    place,
  );
}

function snapshotOf(
  page: NeuronPage,
  clamp: Clamp,
  {
    before,
    after,
    dose,
    steering,
  }: { before: RunRequest; after: RunRequest; dose: DoseResponseRequest; steering: SteeringCall },
): SnapshotRequest {
  const { pathname, search } = locationStore().getState();
  const value = `${clamp.value}${clamp.unit === "maximum" ? " × maximum" : ""}`;
  const { requests, status } = steering.state;
  return {
    title: `${neuronLabel(page)} clamped at ${value} (${clamp.place})`,
    view: { room: "neuron", path: pathname + search },
    parts: [
      { role: "before", kind: "run", request: before },
      { role: "after", kind: "run", request: after },
      { role: "dose-response", kind: "dose-response", request: dose },
      ...(requests === undefined || status !== "done"
        ? []
        : [
            { role: "continuation before", kind: "generation" as const, request: requests.before },
            { role: "continuation after", kind: "generation" as const, request: requests.after },
          ]),
    ],
  };
}
