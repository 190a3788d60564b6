import { DoseResponseChart, ExportMenu } from "@patchbay/charts/react";
import type { DoseResponseResult } from "@patchbay/contract";
import { useMemo, useRef, useState } from "react";
import { Segmented } from "../../shell/ui/Segmented.tsx";
import { visibleToken } from "../../shell/ui/token-text.ts";
import { doseTable } from "../common/dose-table.ts";
import { Section } from "../common/Section.tsx";
import styles from "./Findings.module.css";

export function DosePart({ result }: { readonly result: DoseResponseResult }) {
  const [scale, setScale] = useState<"linear" | "log">("linear");
  const figure = useRef<HTMLDivElement>(null);
  const data = useMemo(
    () => ({ ...result, tokens: result.tokens.map(({ id, text }) => ({ id, text: visibleToken(text) })) }),
    [result],
  );
  // The page that makes findings puts the unclamped model's own answer last.
  const answer = useMemo(() => new Set(result.tokens.slice(-1).map(({ id }) => id)), [result]);
  const leaders = useMemo(
    () => result.topTokens.map(({ text, probability }) => ({ text: visibleToken(text), probability })),
    [result],
  );
  return (
    <Section
      title="Dose and response"
      aside={
        <span className={styles.aside}>
          <Segmented
            label="Probability axis"
            value={scale}
            options={[
              { value: "linear", label: "linear" },
              { value: "log", label: "log" },
            ]}
            onChange={(next) => setScale(next)}
          />
          <ExportMenu name="dose-response" figure={figure} table={() => doseTable(result)} />
        </span>
      }
    >
      <div ref={figure}>
        <DoseResponseChart inked={answer} data={data} topTokens={leaders} scale={scale} height={320} />
      </div>
    </Section>
  );
}
