import { ExportMenu } from "@patchbay/charts/react";
import { formatSigned } from "../../shell/ui/format-number.ts";
import { TokenChip } from "../../shell/ui/TokenChip.tsx";
import common from "../common/common.module.css";
import { Section } from "../common/Section.tsx";
import type { Attribution } from "../common/wire.ts";

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
        <>
          logits · position {before.position} · sums to {before.total.toFixed(2)}{" "}
          <ExportMenu name="attribution" table={table} />
        </>
      }
    >
      <table className={common.table}>
        <thead>
          <tr>
            <th scope="col">component</th>
            <th scope="col" data-align="right">
              {after === undefined ? "share" : "before"}
            </th>
            {after !== undefined && (
              <th scope="col" data-align="right">
                after
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, LISTED).map(({ label, share }) => (
            <Line
              key={label}
              label={label}
              before={share}
              after={after && later.get(label)}
              compared={after !== undefined}
            />
          ))}
          <Line
            label="unexplained"
            before={before.unexplained}
            after={after?.unexplained}
            compared={after !== undefined}
          />
        </tbody>
      </table>
    </Section>
  );
}

function Line({
  label,
  before,
  after,
  compared,
}: {
  readonly label: string;
  readonly before: number;
  readonly after: number | undefined;
  readonly compared: boolean;
}) {
  return (
    <tr>
      <td>
        <code>{label}</code>
      </td>
      <td data-align="right">{formatSigned(before, 3)}</td>
      {compared && <td data-align="right">{after === undefined ? "—" : formatSigned(after, 3)}</td>}
    </tr>
  );
}
