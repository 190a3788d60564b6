import type { ModelSummary } from "@patchbay/contract";
import { commandRegistry } from "../../shell/commands.ts";
import { Kbd } from "../../shell/ui/Kbd.tsx";
import { ModelChip } from "./ModelChip.tsx";
import { PromptBox } from "./PromptBox.tsx";
import { ShareButton } from "./ShareButton.tsx";
import styles from "./Trace.module.css";
import type { TraceData } from "./use-trace-data.ts";

export function TraceBar({ model, data }: { readonly model: ModelSummary; readonly data: TraceData }) {
  return (
    <>
      <ModelChip model={model} />
      <PromptBox model={model} data={data} />
      <ShareButton model={model} data={data} />
      <button
        type="button"
        className={styles.paletteKey}
        title="Search and commands"
        aria-label="Search and commands"
        onClick={() => commandRegistry.find("mod+k", true)?.run()}
      >
        <Kbd keys="mod+k" />
      </button>
    </>
  );
}
