import { copyText } from "../../shell/clipboard.ts";
import { Button } from "../../shell/ui/Button.tsx";
import styles from "./Dictionaries.module.css";

/** How published dictionaries come in: by the command line, because only it may read this machine's files. */
export function AddDictionary({ model }: { readonly model: string }) {
  const command = `npx patchbay add-dictionary PATH --model ${model}`;
  return (
    <section className={styles.add}>
      <h2>Add a dictionary</h2>
      <p>
        SAELens (<code>cfg.json</code>, <code>sae_weights.safetensors</code>), circuit-tracer (<code>config.yaml</code>
        ), sparsify, Gemma Scope (<code>params.npz</code>), Llama Scope. The format is recognised by its content; what
        does not fit the model is refused with the reason. Pickles are never opened.
      </p>
      <p className={styles.command}>
        <code>{command}</code>
        <Button kind="bare" onClick={() => void copyText(command, "Command")}>
          Copy
        </Button>
      </p>
    </section>
  );
}
