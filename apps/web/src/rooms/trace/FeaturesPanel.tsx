import { ExportMenu, TokenHeatMap, TokenStrip } from "@patchbay/charts/react";
import type { ModelSummary } from "@patchbay/contract";
import { interventionsOf } from "@patchbay/workbench-state";
import { Link } from "../../shell/Link.tsx";
import { useDefaultModel } from "../../shell/models.ts";
import { Button } from "../../shell/ui/Button.tsx";
import { EmptyState } from "../../shell/ui/EmptyState.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { Skeleton } from "../../shell/ui/Skeleton.tsx";
import { dictionaryLayer } from "../common/dictionary-layer.ts";
import { useUnitRows } from "../common/unit/use-unit.ts";
import { dictionaryAddresses } from "../dictionaries/dictionary-address.ts";
import styles from "./Features.module.css";
import { addPatch, featurePatchDraft } from "./patch-actions.ts";
import { useTraceStore, useView } from "./trace-context.tsx";
import { useFeatureMap } from "./use-cell-features.ts";
import type { TraceData } from "./use-trace-data.ts";

/** Features over the prompt: one large, and those that are strongest at the selected place, with the error below. */
export function FeaturesPanel({ data, model }: { readonly data: TraceData; readonly model: ModelSummary }) {
  const store = useTraceStore();
  const view = useView();
  const usual = useDefaultModel()?.name;
  const to = dictionaryAddresses(model.name === usual ? undefined : model.name);
  const { dictionary, before, drawn, dictionaries, problem, choices } = data.features;
  const patched = interventionsOf(view.patches, "run").length > 0;
  const compare = patched ? view.compare : "before";
  const here = (before?.firing ?? []).map(({ feature }) => feature);
  const large = useFeatureMap(view, data, model, drawn?.dictionary, drawn === undefined ? [] : [drawn.feature]);
  const small = useFeatureMap(view, data, model, dictionary?.name, here);
  const drawnRow = useUnitRows(model, drawn?.dictionary, drawn === undefined ? [] : [drawn.feature]).state.value?.[0];

  if (problem !== undefined || large.problem !== undefined) {
    return <ErrorState problem={problem ?? large.problem ?? NO_PROBLEM} />;
  }
  if (drawn === undefined && dictionary !== undefined && before === undefined) return <Skeleton height={300} />;
  if (drawn === undefined) {
    return (
      <EmptyState
        title={choices.length === 0 ? "No dictionary is installed" : "No feature to draw here"}
        action={choices.length === 0 ? <Link href={to.list()}>Go to Dictionaries</Link> : undefined}
      >
        {choices.length === 0
          ? "Features are the units of a dictionary: an SAE or a transcoder of this model."
          : "Choose a layer whose dictionary is selected; its strongest feature at the place is drawn."}
      </EmptyState>
    );
  }
  const own = dictionaries.find(({ name }) => name === drawn.dictionary);
  const quantity = compare === "difference" ? "change of activation" : "activation";
  const tokensWith = (values: readonly number[] | undefined) =>
    data.tokens.map(({ text }, position) => ({ position, text, label: text, value: values?.[position] }));
  const select = (position: number) =>
    store.update(({ selected }) => ({
      selected: { ...selected, position: position === data.tokens.length - 1 ? -1 : position },
    }));
  const values = large.activations(drawn.feature);
  const errors = small.errorShare();
  return (
    <div className={styles.panel}>
      <section>
        <h2 className="section-title">
          <span>
            <Link className="mono" href={to.feature(drawn.dictionary, drawn.feature)}>
              {drawn.dictionary} F{drawn.feature}
            </Link>
            {drawnRow?.label != null && <span className={styles.label}> {drawnRow.label}</span>}
          </span>
          <span className={styles.actions}>
            {own !== undefined && (
              <Button
                kind="bare"
                onClick={() => addPatch(store, featurePatchDraft(own.name, dictionaryLayer(own), drawn.feature))}
                title={`Zero F${drawn.feature} at every position, and dose from there`}
              >
                Patch F{drawn.feature}
              </Button>
            )}
            {view.feature !== undefined && (
              <Button
                kind="bare"
                onClick={() => store.update({ feature: undefined }, { step: true })}
                title="Draw whichever feature is strongest at the selected place"
              >
                Follow the place
              </Button>
            )}
            <ExportMenu
              name={`${drawn.dictionary}-F${drawn.feature}`}
              table={() => ({
                header: ["position", "token", quantity],
                rows: data.tokens.map(({ text }, i) => [i, text, values?.[i]]),
              })}
            />
          </span>
        </h2>
        {values === undefined ? (
          <Skeleton height={70} />
        ) : (
          <TokenHeatMap
            tokens={tokensWith(values)}
            quantity={quantity}
            limit={compare === "difference" ? undefined : drawnRow?.maximum || undefined}
            selected={data.position}
            onSelect={select}
          />
        )}
      </section>
      <section className={styles.strips} aria-label="Strongest features at the selected place">
        <h2 className="section-title">
          <span>
            Strongest at position {data.position} in <span className="mono">{dictionary?.name}</span>
          </span>
          <span>{quantity} there · each in its own colour scale</span>
        </h2>
        {dictionary === undefined ? (
          <p className="quiet">The selection has no dictionary at this layer.</p>
        ) : (
          <ol>
            {here.map((feature) => (
              <li key={feature} data-drawn={drawn.dictionary === dictionary.name && drawn.feature === feature}>
                <button
                  type="button"
                  className="mono"
                  title={`Draw F${feature} large`}
                  onClick={() => store.update({ feature: { dictionary: dictionary.name, feature } }, { step: true })}
                >
                  F{feature}
                </button>
                <TokenStrip
                  tokens={tokensWith(small.activations(feature))}
                  quantity={quantity}
                  peak={data.position}
                  onSelect={select}
                />
              </li>
            ))}
            {errors !== undefined && (
              <li className={styles.errorStrip}>
                <span title="Length of the error ÷ length of the value at the output site">error share</span>
                <TokenStrip
                  tokens={tokensWith(errors)}
                  quantity="error share"
                  tone="counter"
                  limit={1}
                  peak={data.position}
                  onSelect={select}
                />
              </li>
            )}
          </ol>
        )}
      </section>
    </div>
  );
}

const NO_PROBLEM = { title: "Something went wrong", detail: "The dictionary did not answer." };
