import type { SnapshotRequest } from "@patchbay/contract";
import { circuitRequest } from "@patchbay/workbench-state";
import { useState } from "react";
import { api, useApi } from "../../../shell/api.ts";
import { copyText } from "../../../shell/clipboard.ts";
import { Link } from "../../../shell/Link.tsx";
import { locationStore } from "../../../shell/location.ts";
import { Button } from "../../../shell/ui/Button.tsx";
import { ErrorState } from "../../../shell/ui/ErrorState.tsx";
import { Field } from "../../../shell/ui/Field.tsx";
import { Popover } from "../../../shell/ui/Popover.tsx";
import menu from "../../trace/Menus.module.css";
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
      {(close) => <ShareForm room={room} close={close} />}
    </Popover>
  );
}

function ShareForm({ room, close }: { readonly room: CircuitRoom; close(): void }) {
  const { store, circuit, model } = room;
  const { graph } = circuit;
  const [title, setTitle] = useState((graph.title === "" ? graph.prompt : graph.title).slice(0, 120));
  const [note, setNote] = useState("");
  const { state, call } = useApi<{ readonly path: string }>();
  const isPrompt = circuit.from === "prompt" && model !== undefined;
  async function share() {
    const { overflows } = store.getState();
    const shared = await call(async (signal) => {
      if (!isPrompt || overflows) {
        const { id } = await storeCircuit(circuit, store.getState().view, signal);
        store.update({ graph: id }, { step: true });
        if (!isPrompt) return { path: `/circuits?graph=${id}` };
      }
      const body = findingOf(room, title.trim(), note.trim());
      const { id } = await api.createSnapshot({ body, signal });
      return { path: `/s/${id}` };
    });
    if (shared !== undefined) await copyText(`${location.origin}${shared.path}`, "Link");
  }
  if (state.status === "ready") {
    const { path } = state.value;
    return (
      <div className={menu.share}>
        <p>Stored. The link is on your clipboard:</p>
        <Link href={path} className="mono" onClick={close}>
          {path}
        </Link>
        <p className="quiet">
          {isPrompt
            ? "Numbers, requests and recipes are kept as they are now; opening it can replay them."
            : "The document with its pins, groups and labels is kept as it is now."}
        </p>
        <Button onClick={() => void copyText(`${location.origin}${path}`, "Link")}>Copy again</Button>
      </div>
    );
  }
  const { intervention, deletion } = checksOf(room);
  return (
    <form
      className={menu.share}
      onSubmit={(event) => {
        event.preventDefault();
        void share();
      }}
    >
      {isPrompt ? (
        <>
          <Field label="Title">
            {(props) => (
              <input {...props} value={title} maxLength={200} onChange={(event) => setTitle(event.target.value)} />
            )}
          </Field>
          <Field label="Note" hint="What is to be seen here? Optional.">
            {(props) => (
              <textarea
                {...props}
                rows={3}
                value={note}
                maxLength={20_000}
                onChange={(event) => setNote(event.target.value)}
              />
            )}
          </Field>
          <p className="quiet">
            The graph{intervention === undefined ? "" : ", the changed nodes"}
            {deletion === undefined ? "" : ", top against random"}: computed again by the server and kept.
          </p>
        </>
      ) : (
        <p className="quiet">
          This graph is a document, not an answer of this server: it is stored as it is, with its pins, groups and
          labels, and the link opens it.
        </p>
      )}
      {state.status === "failed" && <ErrorState inline problem={state.problem} />}
      <Button type="submit" kind="primary" disabled={state.status === "pending"}>
        {state.status === "pending" ? "Storing…" : "Store and copy link"}
      </Button>
    </form>
  );
}

function checksOf({ checks, circuit }: CircuitRoom) {
  return checks.key === circuit.key ? checks : { intervention: undefined, deletion: undefined };
}

function findingOf(room: CircuitRoom, title: string, note: string): SnapshotRequest {
  const { store, model } = room;
  const { view } = store.getState();
  const { pathname, search } = locationStore().getState();
  const { intervention, deletion } = checksOf(room);
  const parts: SnapshotRequest["parts"] = [
    { role: "graph", kind: "attribution-graph", request: { ...circuitRequest(view, model?.name ?? "", view.prompt) } },
  ];
  if (intervention !== undefined)
    parts.push({ role: "changed nodes", kind: "graph-intervention", request: { ...intervention.request } });
  if (deletion !== undefined)
    parts.push({ role: "top against random", kind: "graph-deletion", request: { ...deletion.request } });
  return {
    title,
    ...(note === "" ? {} : { note }),
    view: { room: "circuits", path: pathname + search },
    parts,
  };
}
