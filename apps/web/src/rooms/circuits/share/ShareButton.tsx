import type { SnapshotRequest } from "@patchbay/contract";
import { circuitRequest } from "@patchbay/workbench-state";
import { Button } from "../../../shell/ui/Button.tsx";
import { Popover } from "../../../shell/ui/Popover.tsx";
import { ShareForm, type ShareWords } from "../../common/ShareForm.tsx";
import { storeFinding } from "../../common/store-finding.ts";
import type { CircuitRoom } from "../circuits-context.tsx";
import { storeCircuit } from "./store-circuit.ts";

/** A finding: the graph and the checks that were made on it, computed by the server and replayable. A file is stored as it is. */
export function ShareButton({ room }: { readonly room: CircuitRoom }) {
  return (
    <Popover
      label="Share"
      align="end"
      trigger={(trigger) => (
        <Button id="circuit-share" title="Store as a finding" {...trigger}>
          Share
        </Button>
      )}
    >
      {(close) => <CircuitShareForm room={room} close={close} />}
    </Popover>
  );
}

function CircuitShareForm({ room, close }: { readonly room: CircuitRoom; close(): void }) {
  const { store, circuit, model } = room;
  const { graph } = circuit;
  const isPrompt = circuit.from === "prompt" && model !== undefined;
  async function share(words: ShareWords, signal: AbortSignal): Promise<string> {
    if (!isPrompt || store.getState().overflows) {
      const { id } = await storeCircuit(circuit, store.getState().view, signal);
      store.update({ graph: id }, { step: true });
      if (!isPrompt) return `/circuits?graph=${id}`;
    }
    return storeFinding("circuits", words, partsOf(room), signal);
  }
  const { intervention, deletion } = checksOf(room);
  return (
    <ShareForm
      suggestion={graph.title === "" ? graph.prompt : graph.title}
      close={close}
      store={share}
      named={isPrompt}
      about={
        isPrompt
          ? `The graph${intervention === undefined ? "" : ", the changed nodes"}${
              deletion === undefined ? "" : ", top against random"
            }: computed again by the server and kept.`
          : "This graph is a document, not an answer of this server: it is stored as it is, with its pins, groups and labels, and the link opens it."
      }
      {...(isPrompt ? {} : { kept: "The document with its pins, groups and labels is kept as it is now." })}
    />
  );
}

function checksOf({ checks, circuit }: CircuitRoom) {
  return checks.key === circuit.key ? checks : { intervention: undefined, deletion: undefined };
}

function partsOf(room: CircuitRoom): SnapshotRequest["parts"] {
  const { store, model } = room;
  const { view } = store.getState();
  const { intervention, deletion } = checksOf(room);
  const parts: SnapshotRequest["parts"] = [
    { role: "graph", kind: "attribution-graph", request: { ...circuitRequest(view, model?.name ?? "", view.prompt) } },
  ];
  if (intervention !== undefined)
    parts.push({ role: "changed nodes", kind: "graph-intervention", request: { ...intervention.request } });
  if (deletion !== undefined)
    parts.push({ role: "top against random", kind: "graph-deletion", request: { ...deletion.request } });
  return parts;
}
