import { TokenStrip } from "@patchbay/charts/react";
import type { CircuitNode } from "@patchbay/circuit-graph";
import { TokenChip } from "../../../shell/ui/TokenChip.tsx";
import { visibleToken } from "../../../shell/ui/token-text.ts";
import { formatFigure } from "../../common/format-figure.ts";
import { useUnit } from "../../common/unit/use-unit.ts";
import styles from "../Circuits.module.css";
import { useCircuitRoom } from "../circuits-context.tsx";
import { isOfModel } from "../use-unit-notes.ts";

const EXAMPLES = 4;

/** Where the feature fires most in the corpus, and what it writes. */
export function NodeExamples({ node }: { readonly node: CircuitNode }) {
  const { model, circuit, noteOf } = useCircuitRoom();
  const note = noteOf(node);
  const known = isOfModel(circuit, model) && note !== undefined;
  const { state } = useUnit(known ? model : undefined, { source: node.dictionary ?? "", unit: node.unit ?? 0 });
  const page = state.value?.unit === node.unit && state.value.source === node.dictionary ? state.value : undefined;
  if (!known) return null;
  const top = page?.groups.find(({ name }) => name === "top")?.examples.slice(0, EXAMPLES) ?? [];
  return (
    <section>
      <h2 className="section-title">
        <span>On text</span>
        <span>{page?.statistics == null ? "" : `activation, maximum ${formatFigure(page.statistics.maximum)}`}</span>
      </h2>
      <div className={styles.nodeExamples}>
        {top.map((example) => (
          <TokenStrip
            key={`${example.document}.${example.peak}`}
            tokens={example.tokens.map(({ text }, i) => ({
              position: example.start + i,
              text,
              label: visibleToken(text),
              value: example.activations[i],
            }))}
            quantity="activation"
            limit={page?.statistics?.maximum}
            peak={example.peak}
          />
        ))}
      </div>
      {note.writes.length > 0 && (
        <p className={styles.hoverTokens}>
          <span className="quiet">writes</span>
          {note.writes.slice(0, 6).map((text) => (
            <TokenChip key={text} text={text} />
          ))}
        </p>
      )}
    </section>
  );
}
