import { BarList, ExportMenu, TokenHeatMap } from "@patchbay/charts/react";
import type { FeatureResult } from "@patchbay/contract";
import { useState } from "react";
import { formatFixed } from "../../shell/ui/format-number.ts";
import { TokenChip } from "../../shell/ui/TokenChip.tsx";
import { visibleToken } from "../../shell/ui/token-text.ts";
import { Section } from "../common/Section.tsx";
import type { Run } from "../common/wire.ts";
import { activationsOf, featuresAt } from "../trace/read-features.ts";
import styles from "./Findings.module.css";

/** Where a finding names no place, the last so many positions have their lists; the others are in the JSON. */
const POSITIONS_SHOWN = 3;

/** What a dictionary said of the run: features and error at the stored places, chosen features over the text. */
export function FeaturesPart({
  run,
  before,
  after,
}: {
  readonly run: Run;
  readonly before: FeatureResult;
  readonly after: FeatureResult | undefined;
}) {
  const place = run.results.ledger?.position ?? run.results.attribution?.position;
  const shown = before.positions.filter((position) => position === place);
  const places = shown.length > 0 ? shown : before.positions.slice(-POSITIONS_SHOWN);
  const chosen = before.chosen?.features ?? [];
  return (
    <Section
      title={
        <>
          Features of <code>{before.dictionary}</code>
        </>
      }
      aside={`what each adds: |activation| × length of its decoder · dictionary ${before.dictionaryHash.slice(0, 8)}`}
    >
      {chosen.map((feature) => (
        <ChosenFeature key={feature} run={run} feature={feature} before={before} after={after} />
      ))}
      <div className={styles.featurePlaces}>
        {places.map((position) => (
          <FeaturesThere key={position} run={run} position={position} before={before} after={after} />
        ))}
      </div>
    </Section>
  );
}

function FeaturesThere({
  run,
  position,
  before,
  after,
}: {
  readonly run: Run;
  readonly position: number;
  readonly before: FeatureResult;
  readonly after: FeatureResult | undefined;
}) {
  const old = featuresAt(before, position);
  const shown = (after && featuresAt(after, position)) ?? old;
  if (shown === undefined) return null;
  const reference = new Map(after === undefined ? [] : old?.firing.map(({ feature, norm }) => [feature, norm]));
  const extent = Math.max(shown.errorNorm, old?.errorNorm ?? 0, ...shown.firing.map(({ norm }) => norm));
  return (
    <div>
      <p className="quiet">
        position {position} <TokenChip text={run.tokens[0]?.[position]?.text ?? ""} /> · {shown.active} fire (L0) ·
        output {formatFixed(shown.outputNorm)}
        {after !== undefined && " · after, with a tick where it was before"}
      </p>
      <BarList
        label={`Features of ${before.dictionary} at position ${position}`}
        extent={extent}
        bars={[
          ...shown.firing.map(({ feature, activation, norm }) => ({
            key: String(feature),
            label: <span className="mono">F{feature}</span>,
            value: norm,
            reference: reference.get(feature),
            text: formatFixed(norm),
            title: `activation ${formatFixed(activation, 4)}`,
          })),
          {
            key: "error",
            label: "error",
            value: shown.errorNorm,
            reference: after === undefined ? undefined : old?.errorNorm,
            text: formatFixed(shown.errorNorm),
            title: "Output − the dictionary's output",
            quiet: true,
          },
        ]}
      />
    </div>
  );
}

function ChosenFeature({
  run,
  feature,
  before,
  after,
}: {
  readonly run: Run;
  readonly feature: number;
  readonly before: FeatureResult;
  readonly after: FeatureResult | undefined;
}) {
  const [selected, setSelected] = useState<number>();
  const tokens = run.tokens[0] ?? [];
  // The answer holds the positions that were asked for, which need not be all.
  const byToken = (result: FeatureResult | undefined) => {
    const values = activationsOf(result, feature);
    return values && tokens.map((_, position) => values[result?.positions.indexOf(position) ?? -1]);
  };
  const [old, now] = [byToken(before), byToken(after)];
  // One scale for both, so that a feature that was zeroed looks zeroed.
  const limit = Math.max(1e-9, ...[...(old ?? []), ...(now ?? [])].map((value) => Math.abs(value ?? 0)));
  const maps = now === undefined ? [["", old] as const] : [["before", old] as const, ["after", now] as const];
  return (
    <div className={styles.featureMaps}>
      <p className="quiet">
        <span className="mono">F{feature}</span> over the text{" "}
        <ExportMenu
          name={`${before.dictionary}-F${feature}`}
          table={() => ({
            header: ["position", "token", "before", "after"],
            rows: tokens.map(({ text }, i) => [i, text, old?.[i], now?.[i]]),
          })}
        />
      </p>
      {maps.map(([when, values]) => (
        <TokenHeatMap
          key={when}
          tokens={tokens.map((token, position) => ({
            position,
            text: token.text,
            label: visibleToken(token.text, token.special),
            value: values?.[position],
            special: token.special,
          }))}
          quantity={when === "" ? "activation" : `activation ${when}`}
          limit={limit}
          selected={selected}
          onSelect={setSelected}
        />
      ))}
    </div>
  );
}
