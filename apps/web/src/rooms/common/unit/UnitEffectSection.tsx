/** The causal panel: what breaks when the unit is taken away, or held at its maximum, where it fires most. */
import { BarList, ExportMenu } from "@patchbay/charts/react";
import type { ModelSummary, UnitEffect, UnitEffectRequest } from "@patchbay/contract";
import { useState } from "react";
import { api } from "../../../shell/api.ts";
import { useResource } from "../../../shell/resource.ts";
import { Button } from "../../../shell/ui/Button.tsx";
import { formatSigned } from "../../../shell/ui/format-number.ts";
import { Segmented } from "../../../shell/ui/Segmented.tsx";
import { Skeleton } from "../../../shell/ui/Skeleton.tsx";
import { Answer } from "../Answer.tsx";
import common from "../common.module.css";
import { formatFigure } from "../format-figure.ts";
import { oneOf, type Query } from "../query.ts";
import { Section } from "../Section.tsx";
import { TokenChips } from "../TokenChips.tsx";
import { effectSentence } from "./effect-sentence.ts";
import styles from "./Unit.module.css";
import type { UnitName } from "./use-unit.ts";

/** Larger models are asked only when the reader wants it. */
const MEASURES_UNASKED = 300_000_000;

export function UnitEffectSection({
  model,
  unit,
  name,
  query,
}: {
  readonly model: ModelSummary;
  readonly unit: UnitName;
  readonly name: string;
  readonly query: Query;
}) {
  const op = oneOf(query.get("effect"), ["zero", "set"], "zero");
  const [asked, setAsked] = useState(model.parameters <= MEASURES_UNASKED);
  const request: UnitEffectRequest = { model: model.name, ...unit, op, ...(op === "set" ? { multiple: 1 } : {}) };
  const { state, reload } = useResource<UnitEffect>(
    asked ? `effect:${model.hash}:${JSON.stringify(request)}` : undefined,
    (signal) => api.unitEffect({ body: request, signal }),
    { delay: 400 },
  );
  return (
    <Section
      title="What it causes"
      aside={
        <span className={styles.aside}>
          <Segmented
            label="Intervention"
            value={op}
            options={[
              { value: "zero", label: "ablate", hint: "Set to 0 at the peak of each of its top examples" },
              { value: "set", label: "clamp to maximum", hint: "Set to its corpus maximum there" },
            ]}
            onChange={(next) => query.set({ effect: next === "zero" ? undefined : next })}
          />
          {state.value !== undefined && (
            <ExportMenu
              name={`${name.replaceAll(" ", "-")}-effect`}
              table={() => effectTable(state.value as UnitEffect)}
            />
          )}
        </span>
      }
    >
      {asked ? (
        <Answer state={state} skeleton={<Skeleton height={230} />} onRetry={reload} inline>
          {(effect) => <Effect effect={effect} name={name} />}
        </Answer>
      ) : (
        <Button onClick={() => setAsked(true)}>Measure on its own examples</Button>
      )}
    </Section>
  );
}

function Effect({ effect, name }: { readonly effect: UnitEffect; readonly name: string }) {
  const { examples, random } = effect;
  if (examples.length === 0) return <p className="quiet">The index holds no example of this unit to try it on.</p>;
  const order = random.kls.map((kl, i) => ({ kl, unit: random.units[i] ?? i })).sort((a, b) => b.kl - a.kl);
  const extent = Math.max(1e-9, effect.meanKl, ...random.kls);
  return (
    <>
      <p className={styles.sentence}>{effectSentence(effect)}</p>
      <div className={styles.effect}>
        <div>
          <BarList
            label="KL of this unit and of random ones"
            extent={extent}
            valueWidth={64}
            bars={[
              {
                key: "own",
                label: <b>{name}</b>,
                value: effect.meanKl,
                text: formatFigure(effect.meanKl),
                title: `Mean KL over ${examples.length} examples`,
              },
              ...order.map(({ kl, unit }) => ({
                key: `random ${unit}`,
                label: `random ${unit}`,
                value: kl,
                text: formatFigure(kl),
                quiet: true,
              })),
            ]}
          />
          <p className="quiet">KL(before ‖ after) of the next token, nats; random units fire there too</p>
        </div>
        <table className={common.table}>
          <thead>
            <tr>
              <th scope="col">example</th>
              <th scope="col" data-align="right">
                Δ loss
              </th>
              <th scope="col" data-align="right">
                KL
              </th>
              <th scope="col">raised</th>
              <th scope="col">lowered</th>
            </tr>
          </thead>
          <tbody>
            {examples.map(({ document, peak, lossBefore, lossAfter, kl, raised, lowered }) => (
              <tr key={`${document}.${peak}`}>
                <td className="quiet" style={{ whiteSpace: "nowrap" }}>
                  doc {document}:{peak}
                </td>
                <td
                  data-align="right"
                  title={`Cross-entropy of the true next token: ${lossBefore.toFixed(4)} → ${lossAfter.toFixed(4)} nats`}
                >
                  {formatSigned(lossAfter - lossBefore, 3)}
                </td>
                <td data-align="right">{formatFigure(kl)}</td>
                <td className={styles.chipCell}>
                  <TokenChips tokens={raised.slice(0, 3)} tone="heat" quantity="change of probability" />
                </td>
                <td className={styles.chipCell}>
                  <TokenChips tokens={lowered.slice(0, 3)} tone="counter" quantity="change of probability" />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function effectTable({ examples, random }: UnitEffect) {
  return {
    header: ["what", "document", "position", "loss before", "loss after", "KL (nats)"],
    rows: [
      ...examples.map((e) => ["example", e.document, e.peak, e.lossBefore, e.lossAfter, e.kl]),
      ...random.kls.map((kl, i) => [`random unit ${random.units[i]}`, "", "", "", "", kl]),
    ],
  };
}
