import { type Bar, BarList, ExportMenu } from "@patchbay/charts/react";
import { formatSigned } from "../../shell/ui/format-number.ts";
import { TokenChip } from "../../shell/ui/TokenChip.tsx";
import { Section } from "../common/Section.tsx";
import type { Attribution } from "../common/wire.ts";
import styles from "./Findings.module.css";

const LISTED = 12;

/** Who wrote the target's logit: the largest shares, and what is left unexplained. */
export function AttributionPart({
  before,
  after,
}: {
  readonly before: Attribution;
  readonly after: Attribution | undefined;
}) {
  const later = new Map(after?.components.map((component) => [component.label, component.share]));
  const rows = [...before.components].sort((a, b) => Math.abs(b.share) - Math.abs(a.share));
  const compared = after !== undefined;
  const bars = [
    ...rows.slice(0, LISTED).map(({ label, share }) => bar(label, share, later.get(label), compared)),
    bar("unexplained", before.unexplained, after?.unexplained, compared),
  ];
  const extent = Math.max(...bars.flatMap(({ value, reference }) => [Math.abs(value), Math.abs(reference ?? 0)]));
  const { token, minus } = before.target;
  const table = () => ({
    header: ["component", "share (logits)", "after"],
    rows: rows.map(({ label, share }) => [label, share, later.get(label)]),
  });
  return (
    <Section
      title={
        <>
          Who wrote <TokenChip text={token.text} />
          {minus !== undefined && (
            <>
              {" "}
              − <TokenChip text={minus.text} />
            </>
          )}
        </>
      }
      aside={
        <span className={styles.aside}>
          logits · position {before.position} · sums to {before.total.toFixed(2)}
          {after !== undefined && ` → ${after.total.toFixed(2)}`} <ExportMenu name="attribution" table={table} />
        </span>
      }
    >
      <div className={styles.bars}>
        <BarList
          label="Shares of the logit"
          signed
          bars={bars}
          extent={extent}
          valueWidth={after === undefined ? 56 : 128}
        />
      </div>
      {after !== undefined && <p className="quiet">bars: after; ticks: before</p>}
    </Section>
  );
}

function bar(key: string, before: number, after: number | undefined, compared: boolean): Bar {
  const now = compared ? (after ?? 0) : before;
  return {
    key,
    label: <code>{key}</code>,
    value: now,
    reference: compared ? before : undefined,
    text: compared ? `${formatSigned(before, 2)} → ${formatSigned(now, 2)}` : formatSigned(before, 2),
    quiet: key === "unexplained",
  };
}
