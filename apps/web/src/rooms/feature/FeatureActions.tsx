/** What leaves the page: the same patch in Trace, the request as a command, and an immutable finding. */
import { API_PREFIX, type FeaturePage, type RunRequest, type SnapshotRequest } from "@patchbay/contract";
import { type Patch, pathOfRoute, tracePath } from "@patchbay/workbench-state";
import { useEffect, useState } from "react";
import { createPortal } from "react-dom";
import { api, useApi } from "../../shell/api.ts";
import { copyText } from "../../shell/clipboard.ts";
import { useCommands } from "../../shell/commands.ts";
import { Link } from "../../shell/Link.tsx";
import { locationStore } from "../../shell/location.ts";
import { showToast } from "../../shell/toasts.ts";
import { Button } from "../../shell/ui/Button.tsx";
import ui from "../../shell/ui/ui.module.css";
import { offerFinding } from "../common/offer-finding.tsx";
import type { SteeringCall } from "../neuron/use-steering.ts";
import type { FeatureClamp } from "./feature-clamp.ts";

interface Shown {
  readonly before: RunRequest | undefined;
  readonly after: RunRequest | undefined;
  readonly steering: SteeringCall;
}

export function FeatureActions({
  page,
  text,
  patch,
  clamp,
  ...shown
}: {
  readonly page: FeaturePage;
  readonly text: string | undefined;
  readonly patch: Patch;
  readonly clamp: FeatureClamp;
} & Shown) {
  const [place, setPlace] = useState<HTMLElement | null>(null);
  useEffect(() => setPlace(document.getElementById("feature-actions")), []);
  const { state, call } = useApi<string>();
  const body = snapshotOf(page, clamp, shown);
  const share = async () => {
    if (body === undefined) return;
    const id = await call(async (signal) => (await api.createSnapshot({ body, signal })).id);
    if (id !== undefined) await offerFinding(pathOfRoute({ room: "finding", id }));
  };
  const copy = () => {
    const path = `/models/${page.model}/dictionaries/${page.dictionary.name}/features/${page.feature}`;
    return copyText(`curl -s ${location.origin}${API_PREFIX}${path}`, "Command");
  };
  const group = "Feature";
  useCommands([
    { id: "feature-share", title: "Share this feature as a finding", group, keys: ["s"], run: () => void share() },
    { id: "feature-curl", title: "Copy this feature as a curl command", group, run: () => void copy() },
  ]);
  useEffect(() => {
    if (state.status === "failed") showToast(`Not shared. ${state.problem.detail}`, "bad");
  }, [state]);
  if (place === null) return null;
  return createPortal(
    <>
      <Button kind="bare" onClick={() => void copy()} title="The request behind the left side, for a shell">
        curl
      </Button>
      {text !== undefined && (
        <Link
          className={ui.button}
          data-kind="plain"
          href={tracePath({
            model: page.model,
            prompt: text,
            patches: [patch],
            dictionaries: page.dictionary.name,
            feature: { dictionary: page.dictionary.name, feature: page.feature },
            selected: { depth: clamp.layer, position: -1 },
            compare: "after",
          })}
        >
          Open in Trace with this patch
        </Link>
      )}
      <Button kind="primary" onClick={() => void share()} disabled={state.status === "pending" || body === undefined}>
        {state.status === "pending" ? "Sharing …" : "Share"}
      </Button>
    </>,
    place,
  );
}

function snapshotOf(
  page: FeaturePage,
  clamp: FeatureClamp,
  { before, after, steering }: Shown,
): SnapshotRequest | undefined {
  if (before === undefined || after === undefined) return undefined;
  const { pathname, search } = locationStore().getState();
  const { requests, status } = steering.state;
  const value = clamp.operation === "zero" ? "" : ` ${clamp.value}${clamp.unit === "maximum" ? " × maximum" : ""}`;
  return {
    title: `${page.dictionary.name} F${page.feature}: ${clamp.operation}${value}`,
    view: { room: "feature", path: pathname + search },
    parts: [
      { role: "before", kind: "run", request: before },
      { role: "after", kind: "run", request: after },
      ...(requests === undefined || status !== "done"
        ? []
        : [
            { role: "continuation before", kind: "generation" as const, request: requests.before },
            { role: "continuation after", kind: "generation" as const, request: requests.after },
          ]),
    ],
  };
}
