import type { FactTrace } from "@patchbay/contract";
import { sweepsPath } from "@patchbay/workbench-state";
import { Link } from "../../../shell/Link.tsx";
import styles from "../Decompose.module.css";

const SHOWN = 4;

/** Causal tracing of each prompt in the Sweeps room: noise on the subject, restored place by place. */
export function TraceGridLinks({
  model,
  result,
  texts,
}: {
  readonly model: string;
  readonly result: FactTrace;
  readonly texts: readonly string[];
}) {
  return (
    <span className={styles.chipRow}>
      <span className="quiet">Trace grid, noise on the subject:</span>
      {result.prompts.slice(0, SHOWN).map((prompt, i) => {
        const text = texts[i] ?? "";
        return (
          <Link key={text} href={traceGridPath(model, text, prompt.subject, prompt.answer.id)}>
            {prompt.subject
              .map((position) => prompt.tokens[position]?.text ?? "")
              .join("")
              .trim()}
          </Link>
        );
      })}
      {result.prompts.length > SHOWN && <span className="quiet">and {result.prompts.length - SHOWN} more</span>}
    </span>
  );
}

function traceGridPath(model: string, prompt: string, positions: readonly number[], answer: number): string {
  return sweepsPath({
    model,
    prompt,
    setup: "noise",
    noise: { positions, scale: 3, samples: 10 },
    metric: { kind: "probability", token: answer },
    panels: [
      { site: "resid_post", by: ["layer", "position"], window: 1, groups: "" },
      { site: "attn_out", by: ["layer", "position"], window: 3, groups: "" },
      { site: "mlp_out", by: ["layer", "position"], window: 3, groups: "" },
    ],
    asked: true,
  });
}
