"use client";

import { Link } from "../../shell/Link.tsx";
import { refreshModels, useModel, useModels } from "../../shell/models.ts";
import { Room } from "../../shell/Room.tsx";
import { RoomSkeleton } from "../../shell/RoomSkeleton.tsx";
import { Button } from "../../shell/ui/Button.tsx";
import { EmptyState } from "../../shell/ui/EmptyState.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { SetupProgress } from "./SetupProgress.tsx";
import { TraceWorkbench } from "./TraceWorkbench.tsx";
import { TraceProvider, useView } from "./trace-context.tsx";

/** Prompt in, every layer's reading of it out, and patches between the two. */
export function TraceRoom() {
  return (
    <TraceProvider>
      <ModelGate />
    </TraceProvider>
  );
}

/** The room needs a model: until there is one, it says how far that is. */
function ModelGate() {
  const { status, setup, problem, models } = useModels();
  const view = useView();
  const model = useModel(view.model);
  if (model !== undefined) return <TraceWorkbench model={model} />;
  if (status === "loading") return <RoomSkeleton />;
  return (
    <Room title="Trace">
      {status === "installing" && setup !== undefined ? (
        <SetupProgress setup={setup} />
      ) : status === "failed" && problem !== undefined ? (
        <ErrorState problem={problem} action={<Button onClick={() => void refreshModels()}>Try again</Button>} />
      ) : (
        <EmptyState
          title={view.model === undefined ? "No model is installed" : `There is no model called “${view.model}” here`}
          action={
            <Link href={models.length > 0 ? "/" : "/models"}>
              {models.length > 0 ? "Trace with the bundled model" : "Go to Models"}
            </Link>
          }
        >
          {models.length > 0
            ? `Installed: ${models.map(({ name }) => name).join(", ")}.`
            : "Add one from a folder or file with: npx patchbay add PATH"}
        </EmptyState>
      )}
    </Room>
  );
}
