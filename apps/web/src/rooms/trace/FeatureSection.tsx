import type { DictionarySummary, ModelSummary, UnitRow } from "@patchbay/contract";
import { Link } from "../../shell/Link.tsx";
import { useDefaultModel } from "../../shell/models.ts";
import { Button } from "../../shell/ui/Button.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { formatFixed } from "../../shell/ui/format-number.ts";
import { Skeleton } from "../../shell/ui/Skeleton.tsx";
import { TokenChip } from "../../shell/ui/TokenChip.tsx";
import { dictionaryLayer } from "../common/dictionary-layer.ts";
import { SeedBadgeText } from "../common/unit/SeedBadgeText.tsx";
import { useUnitRows } from "../common/unit/use-unit.ts";
import { dictionaryAddresses } from "../dictionaries/dictionary-address.ts";
import { shortSite } from "../dictionaries/dictionary-words.ts";
import { DictionaryChooser } from "./DictionaryChooser.tsx";
import styles from "./Features.module.css";
import { addPatch, featurePatchDraft } from "./patch-actions.ts";
import type { FeaturesAt } from "./read-features.ts";
import side from "./Side.module.css";
import { useTraceStore, useView } from "./trace-context.tsx";
import type { TraceData } from "./use-trace-data.ts";

const SHOWN = 8;
const CHIPS = 2;

/** The dictionary's features at the selected place, and its error as a bar of its own: the two sum to the value there. */
export function FeatureSection({ data, model }: { readonly data: TraceData; readonly model: ModelSummary }) {
  const store = useTraceStore();
  const { compare, dictionaries: wanted } = useView();
  const { features, layer } = data;
  const { dictionary, before, after, choice, problem, choices } = features;
  const showsAfter = compare !== "before" && after !== undefined;
  const at = showsAfter ? after : before;
  const title = (
    <h2 className="section-title">
      <span>
        Features{layer !== undefined && dictionary !== undefined && " at "}
        {layer !== undefined && dictionary !== undefined && <span className="mono">L{layer}</span>}
      </span>
      <span className={styles.chooser}>
        {choices.length > 0 && <DictionaryChooser features={features} wanted={wanted} />}
      </span>
    </h2>
  );
  if (problem !== undefined) {
    return (
      <section>
        {title}
        <ErrorState inline problem={problem} />
      </section>
    );
  }
  if (dictionary === undefined || layer === undefined) {
    const other = choice?.members[0];
    return (
      <section>
        {title}
        <p className={side.caption}>
          {choices.length === 0 ? (
            "No dictionary of this model is installed: its neurons are the only units."
          ) : choice === undefined || other === undefined ? (
            "error — no dictionary selected"
          ) : layer === undefined ? (
            "The embedding row comes before the first dictionary."
          ) : (
            <>
              {choice.value} has nothing at L{layer}.{" "}
              <Button
                kind="bare"
                onClick={() =>
                  store.update(({ selected }) => ({ selected: { ...selected, depth: dictionaryLayer(other) } }))
                }
              >
                Go to L{dictionaryLayer(other)}
              </Button>
            </>
          )}
        </p>
      </section>
    );
  }
  return (
    <section aria-busy={at === undefined}>
      {title}
      {at === undefined ? (
        <Skeleton height={(SHOWN + 1) * 23 + 20} />
      ) : (
        <Firing at={at} before={showsAfter ? before : undefined} dictionary={dictionary} model={model} />
      )}
    </section>
  );
}

function Firing({
  at,
  before,
  dictionary,
  model,
}: {
  readonly at: FeaturesAt;
  /** Where "after" is shown: what stood there. */
  readonly before: FeaturesAt | undefined;
  readonly dictionary: DictionarySummary;
  readonly model: ModelSummary;
}) {
  const store = useTraceStore();
  const view = useView();
  const usual = useDefaultModel()?.name;
  const to = dictionaryAddresses(model.name === usual ? undefined : model.name);
  const shown = at.firing.slice(0, SHOWN);
  const rows = useUnitRows(
    model,
    dictionary.name,
    shown.map(({ feature }) => feature),
  );
  const known = new Map(rows.state.value?.flatMap((row) => (row === undefined ? [] : [[row.unit, row] as const])));
  const full = Math.max(1e-9, at.errorNorm, ...shown.map(({ norm }) => norm));
  const old = new Map(before?.firing.map(({ feature, norm }) => [feature, norm]));
  const layer = dictionaryLayer(dictionary);
  const site = shortSite(dictionary.outputSites[0] ?? "");
  const errorShare = at.outputNorm === 0 ? 0 : at.errorNorm / at.outputNorm;
  return (
    <>
      <table className={styles.firing} aria-label={`Features of ${dictionary.name} firing here`}>
        <thead>
          <tr>
            <th scope="col">
              <span className="visually-hidden">Feature</span>
            </th>
            <th scope="col">writes</th>
            <th scope="col" title="The feature's activation">
              activation
            </th>
            <th scope="col" title="|activation| × length of the decoder vector">
              adds
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ feature, activation, norm }) => (
            <tr
              key={feature}
              data-drawn={view.feature?.dictionary === dictionary.name && view.feature.feature === feature}
            >
              <th scope="row">
                <button
                  type="button"
                  className={side.jack}
                  aria-label={`Patch ${dictionary.name} F${feature}`}
                  title={`Patch F${feature}: take it away and dose from there`}
                  onClick={() => addPatch(store, featurePatchDraft(dictionary.name, layer, feature))}
                />
                <Link className="mono" href={to.feature(dictionary.name, feature)}>
                  F{feature}
                </Link>
              </th>
              <td>
                <button
                  type="button"
                  className={styles.bar}
                  title={`Draw F${feature} over the prompt`}
                  onClick={() =>
                    store.update(
                      { panel: "features", feature: { dictionary: dictionary.name, feature } },
                      { step: true },
                    )
                  }
                >
                  <i style={{ width: `${(norm / full) * 100}%` }} />
                  {old.has(feature) && (
                    <u title="before" style={{ left: `calc(${((old.get(feature) ?? 0) / full) * 100}% - 1px)` }} />
                  )}
                  <Words row={known.get(feature)} />
                </button>
              </td>
              <td>{formatFixed(activation)}</td>
              <td>{formatFixed(norm)}</td>
            </tr>
          ))}
          <tr className={styles.error}>
            <th scope="row">error</th>
            <td>
              <span className={styles.bar}>
                <i style={{ width: `${(at.errorNorm / full) * 100}%` }} />
                {before !== undefined && (
                  <u title="before" style={{ left: `calc(${Math.min(1, before.errorNorm / full) * 100}% - 1px)` }} />
                )}
                <span>{formatFixed(errorShare * 100, 0)} % of the output’s length</span>
              </span>
            </td>
            <td />
            <td>{formatFixed(at.errorNorm)}</td>
          </tr>
        </tbody>
      </table>
      <p className={side.captionRow}>
        <span>
          {at.active} of {dictionary.features.toLocaleString("en-US")} fire (L0){" "}
          {at.active > shown.length && `· ${at.active - shown.length} not listed `}· ‖{site}‖{" "}
          {formatFixed(at.outputNorm)}
        </span>
        <button
          type="button"
          className={side.quietLink}
          onClick={() => store.update({ panel: "features" }, { step: true })}
        >
          over the prompt
        </button>
      </p>
    </>
  );
}

/** A feature in few words: its label, or the tokens that it writes; and whether other seeds find it. */
function Words({ row }: { readonly row: UnitRow | undefined }) {
  if (row === undefined) return <span />;
  return (
    <span className={styles.words}>
      {row.label !== null ? (
        <span>{row.label}</span>
      ) : (
        row.writes.slice(0, CHIPS).map(({ id, text }) => <TokenChip key={id} text={text} tone="bare" />)
      )}
      {row.badge !== null && <SeedBadgeText badge={row.badge} short />}
    </span>
  );
}
