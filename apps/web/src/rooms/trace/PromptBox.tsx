import type { ModelSummary } from "@patchbay/contract";
import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import { Button } from "../../shell/ui/Button.tsx";
import { Kbd } from "../../shell/ui/Kbd.tsx";
import { LiveTokens } from "./LiveTokens.tsx";
import styles from "./Trace.module.css";
import { useTraceStore, useView } from "./trace-context.tsx";
import type { TraceData } from "./use-trace-data.ts";

/** The prompt. Typing shows the tokens that it would have; running is a decision. */
export function PromptBox({ model, data }: { readonly model: ModelSummary; readonly data: TraceData }) {
  const store = useTraceStore();
  const { prompt, prependBos } = useView();
  const [draft, setDraft] = useState(prompt);
  const [focused, setFocused] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => setDraft(prompt), [prompt]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text
  useLayoutEffect(() => {
    const element = area.current;
    if (element === null) return;
    element.style.height = "auto";
    element.style.height = `${Math.min(element.scrollHeight + 2, 168)}px`;
  }, [draft, focused]);

  function run() {
    if (draft === prompt) data.reload();
    else store.update({ prompt: draft, selected: { depth: "last", position: -1 }, head: undefined }, { step: true });
    area.current?.blur();
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) run();
    else if (event.key === "Escape") area.current?.blur();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  const lines = draft.trimEnd().split("\n").length;
  const changed = draft !== prompt;
  const pending = data.status === "pending";
  return (
    <>
      <div className={styles.prompt} data-focused={focused}>
        <div className={styles.promptBody}>
          <textarea
            ref={area}
            id="prompt"
            className="mono"
            rows={1}
            spellCheck={false}
            aria-label="Prompt"
            aria-keyshortcuts="Control+Enter Meta+Enter"
            value={draft}
            placeholder="Type a prompt…"
            onChange={(event) => setDraft(event.target.value)}
            onKeyDown={onKeyDown}
            onFocus={() => setFocused(true)}
            onBlur={() => setFocused(false)}
          />
          {!focused && lines > 1 && (
            <span className={styles.moreLines}>
              + {lines - 1} {lines === 2 ? "line" : "lines"}
            </span>
          )}
          {(focused || changed) && <LiveTokens model={model} text={draft} prependBos={prependBos} changed={changed} />}
        </div>
      </div>
      {pending ? (
        <Button onClick={data.cancel} className={styles.runButton ?? ""}>
          Cancel <Kbd keys="escape" />
        </Button>
      ) : (
        <Button kind="primary" onClick={run} disabled={draft === ""} className={styles.runButton ?? ""}>
          Run <Kbd keys="mod+enter" />
        </Button>
      )}
    </>
  );
}
