import { useState } from "react";
import { api, problemOf } from "../../../shell/api.ts";
import { useResource } from "../../../shell/resource.ts";
import { showToast } from "../../../shell/toasts.ts";
import { Button } from "../../../shell/ui/Button.tsx";
import { formatCount } from "../../../shell/ui/format-number.ts";
import { Popover } from "../../../shell/ui/Popover.tsx";
import { Answer } from "../../common/Answer.tsx";
import { Moment } from "../../common/Moment.tsx";
import { SkeletonStack } from "../../common/SkeletonStack.tsx";
import { useCircuitsStore } from "../circuits-context.tsx";
import parts from "../Parts.module.css";

/** A graph that is not this prompt's: a file, or one that was stored. */
export function StoredGraphs({ onOpenFile }: { onOpenFile(): void }) {
  return (
    <Popover
      label="Open a graph"
      align="end"
      trigger={(trigger) => (
        <Button title="A file, or a stored graph" {...trigger}>
          Open
        </Button>
      )}
    >
      {(close) => (
        <div className={parts.stored}>
          <Button
            kind="primary"
            onClick={() => {
              onOpenFile();
              close();
            }}
          >
            Open a file …
          </Button>
          <p className="quiet">
            JSON of circuit-tracer, Neuronpedia or Patchbay, also gzipped, up to 100 MB. It can be dropped on the room
            too.
          </p>
          <List close={close} />
        </div>
      )}
    </Popover>
  );
}

function List({ close }: { close(): void }) {
  const store = useCircuitsStore();
  const [version, setVersion] = useState(0);
  const [opened] = useState(() => Date.now());
  const { state, reload } = useResource(`graphs ${opened} ${version}`, (signal) =>
    api.listGraphs({ query: { limit: 30 }, signal }),
  );
  const remove = async (id: string) => {
    try {
      await api.removeGraph({ params: { id } });
      setVersion(version + 1);
    } catch (error) {
      showToast(`Not removed. ${problemOf(error).detail}`, "bad");
    }
  };
  return (
    <Answer state={state} skeleton={<SkeletonStack count={3} height={30} />} onRetry={reload} inline>
      {({ graphs }) => (
        <ul aria-label="Stored graphs">
          {graphs.length === 0 && <li className="quiet">No graph is stored yet.</li>}
          {graphs.map(({ id, title, prompt, nodes, edges, createdAt, model }) => (
            <li key={id}>
              <button
                type="button"
                onClick={() => {
                  store.update({ graph: id, panel: "graph", chosen: [] }, { step: true });
                  store.begin(store.getState().view.annotations);
                  close();
                }}
              >
                <b>{title === "" ? prompt.slice(0, 60) : title}</b>
                <small>
                  {model ?? "unknown model"} · {formatCount(nodes)} nodes · {formatCount(edges)} edges ·{" "}
                  <Moment iso={createdAt} />
                </small>
              </button>
              <Button
                kind="bare"
                aria-label={`Remove ${title === "" ? prompt : title}`}
                onClick={() => void remove(id)}
              >
                ×
              </Button>
            </li>
          ))}
        </ul>
      )}
    </Answer>
  );
}
