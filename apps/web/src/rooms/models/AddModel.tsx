import { copyText } from "../../shell/clipboard.ts";
import { Button } from "../../shell/ui/Button.tsx";
import styles from "./Models.module.css";

const COMMAND = "npx patchbay add PATH";

export function AddModel() {
  return (
    <section className={styles.add}>
      <h2>Add a model</h2>
      <p>
        A Hugging Face folder (<code>config.json</code>, <code>*.safetensors</code>, <code>tokenizer.json</code>) of a
        Llama or GPT-2 model, a HookedTransformer folder (the same files with TransformerLens' names; without a
        tokenizer its tokens are numbers), or a llama2.c <code>.bin</code> file with its tokenizer. The weights stay
        where they are; only inert formats are read.
      </p>
      <p className={styles.command}>
        <code>{COMMAND}</code>
        <Button kind="bare" onClick={() => void copyText(COMMAND, "Command")}>
          Copy
        </Button>
      </p>
    </section>
  );
}
