"use client";
/** Which parts of the model caused an answer: one small change of the run at a time, and what each does to one number. */
import type { Route } from "@patchbay/workbench-state";
import { Link } from "../../shell/Link.tsx";
import { refreshModels, useModel, useModels } from "../../shell/models.ts";
import { Room } from "../../shell/Room.tsx";
import { RoomSkeleton } from "../../shell/RoomSkeleton.tsx";
import { Button } from "../../shell/ui/Button.tsx";
import { EmptyState } from "../../shell/ui/EmptyState.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { SweepsWorkbench } from "./SweepsWorkbench.tsx";
import { useSweepsView } from "./use-sweeps-view.ts";

export function SweepsRoom(_: { readonly route: Extract<Route, { room: "sweeps" }> }) {
  const { status, problem, models } = useModels();
  const { view } = useSweepsView();
  const model = useModel(view.model);
  if (model !== undefined) return <SweepsWorkbench model={model} />;
  if (status === "loading" || status === "installing") return <RoomSkeleton />;
  return (
    <Room title="Sweeps">
      {status === "failed" && problem !== undefined ? (
        <ErrorState problem={problem} action={<Button onClick={() => void refreshModels()}>Try again</Button>} />
      ) : (
        <EmptyState
          title={view.model === undefined ? "No model is installed" : `There is no model called “${view.model}” here`}
          action={<Link href="/models">Go to Models</Link>}
        >
          {models.length > 0
            ? `Installed: ${models.map(({ name }) => name).join(", ")}.`
            : "Add one from a folder or file with: npx patchbay add PATH"}
        </EmptyState>
      )}
    </Room>
  );
}
