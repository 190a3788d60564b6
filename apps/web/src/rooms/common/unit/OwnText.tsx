/** The reader's own text: a box that writes into the address, with the model's example prompts while it is empty. */
import { Button } from "../../../shell/ui/Button.tsx";
import styles from "../../neuron/Neuron.module.css";
import type { Query } from "../query.ts";
import { useDraft } from "../use-draft.ts";

/** The address follows the typing after this pause. */
const PAUSE_MILLISECONDS = 350;

export function OwnText({
  text,
  query,
  examples,
}: {
  readonly text: string | undefined;
  readonly query: Query;
  readonly examples: readonly string[];
}) {
  const [draft, setDraft] = useDraft(text ?? "", (value) => query.set({ text: value }), PAUSE_MILLISECONDS);
  return (
    <>
      <textarea
        className={styles.prompt}
        aria-label="Your text"
        spellCheck={false}
        rows={1}
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
      />
      {draft === "" && examples.length > 0 && (
        <p className="quiet">
          Type a text, or try{" "}
          {examples.slice(0, 3).map((example) => (
            <Button key={example} kind="bare" onClick={() => query.set({ text: example })}>
              {example}
            </Button>
          ))}
        </p>
      )}
    </>
  );
}
