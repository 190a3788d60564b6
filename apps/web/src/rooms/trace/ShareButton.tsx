import type { ModelSummary } from "@patchbay/contract";
import { pathOfRoute } from "@patchbay/workbench-state";
import { api } from "../../shell/api.ts";
import { Button } from "../../shell/ui/Button.tsx";
import { Popover } from "../../shell/ui/Popover.tsx";
import { ShareForm } from "../common/ShareForm.tsx";
import { shareRequest } from "./share-request.ts";
import { useView } from "./trace-context.tsx";
import { shownFeatures } from "./use-cell-features.ts";
import type { TraceData } from "./use-trace-data.ts";

/** Stores what is on the screen as an immutable finding, and copies its address. */
export function ShareButton({ model, data }: { readonly model: ModelSummary; readonly data: TraceData }) {
  const view = useView();
  const place = { layer: data.layer, position: data.position, target: data.target?.id, ...shownFeatures(data) };
  return (
    <Popover
      label="Share"
      align="end"
      trigger={(trigger) => (
        <Button disabled={data.run === undefined} style={{ minHeight: 36, borderRadius: 8 }} id="share" {...trigger}>
          Share
        </Button>
      )}
    >
      {(close) => (
        <ShareForm
          suggestion={view.prompt}
          close={close}
          store={async ({ title, note }, signal) => {
            const body = shareRequest(view, model, place, title, note);
            return pathOfRoute({ room: "finding", id: (await api.createSnapshot({ body, signal })).id });
          }}
        />
      )}
    </Popover>
  );
}
