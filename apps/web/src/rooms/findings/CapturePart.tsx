import { ExportMenu, TokenHeatMap } from "@patchbay/charts/react";
import { useState } from "react";
import { visibleToken } from "../../shell/ui/token-text.ts";
import { Section } from "../common/Section.tsx";
import type { Capture, Run } from "../common/wire.ts";

/** Captured values: one unit is drawn on the text, anything larger is named with its shape. */
export function CapturePart({ run, capture }: { readonly run: Run; readonly capture: Capture }) {
  const [selected, setSelected] = useState<number>();
  const { site, positions, units, values } = capture;
  const tokens = run.tokens[0] ?? [];
  const single = units?.length === 1 && values.shape.length === 3 && values.shape[0] === 1;
  const title = (
    <>
      Values of <code>{site}</code>
      {units !== undefined && units.length <= 4 && <code>[{units.join(", ")}]</code>}
    </>
  );
  if (!single) {
    return (
      <Section title={title} aside={values.axes.map((axis, i) => `${axis} ${values.shape[i]}`).join(" × ")}>
        <p className="quiet">{values.data.length} values; they are in the JSON.</p>
      </Section>
    );
  }
  const valueAt = new Map(positions.map((position, i) => [position, values.data[i] ?? undefined]));
  const table = () => ({
    header: ["position", "token", site],
    rows: positions.map((position) => [position, tokens[position]?.text, valueAt.get(position)]),
  });
  return (
    <Section title={title} aside={<ExportMenu name="capture" table={table} />}>
      <TokenHeatMap
        tokens={tokens.map((token, position) => ({
          position,
          text: token.text,
          label: visibleToken(token.text, token.special),
          value: valueAt.get(position),
          special: token.special,
        }))}
        quantity="value"
        selected={selected}
        onSelect={setSelected}
      />
    </Section>
  );
}
