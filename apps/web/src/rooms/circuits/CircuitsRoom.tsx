"use client";
/** Which features, errors and tokens caused an answer: the graph of a prompt or of a file, to read, to group and to check. */
import { Link } from "../../shell/Link.tsx";
import { refreshModels, useModel, useModels } from "../../shell/models.ts";
import { Room } from "../../shell/Room.tsx";
import { RoomSkeleton } from "../../shell/RoomSkeleton.tsx";
import { Button } from "../../shell/ui/Button.tsx";
import { EmptyState } from "../../shell/ui/EmptyState.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { CircuitWorkbench } from "./CircuitWorkbench.tsx";
import { CircuitsProvider, useCircuitsView } from "./circuits-context.tsx";

export function CircuitsRoom() {
  return (
    <CircuitsProvider>
      <ModelGate />
    </CircuitsProvider>
  );
}

/** A stored graph can be looked at without its model; a prompt needs one. */
function ModelGate() {
  const { status, problem, models } = useModels();
  const view = useCircuitsView();
  const model = useModel(view.model);
  if (model !== undefined || (view.graph !== undefined && status === "ready"))
    return <CircuitWorkbench model={model} />;
  if (status === "loading" || status === "installing") return <RoomSkeleton />;
  return (
    <Room title="Circuits">
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
