import { ExportMenu, NeuronScatter } from "@patchbay/charts/react";
import type { ModelSummary, NeuronRow, NeuronScatter as ScatterAnswer } from "@patchbay/contract";
import { neuronLabel } from "@patchbay/vocabulary";
import { useMemo } from "react";
import { api } from "../../shell/api.ts";
import { useResource } from "../../shell/resource.ts";
import { Segmented } from "../../shell/ui/Segmented.tsx";
import { Skeleton } from "../../shell/ui/Skeleton.tsx";
import { TokenChip } from "../../shell/ui/TokenChip.tsx";
import { Answer } from "../common/Answer.tsx";
import { formatFigure } from "../common/format-figure.ts";
import type { Query } from "../common/query.ts";
import styles from "./Atlas.module.css";
import { type AtlasView, MEASURES, rangeText, SIDE_MEANINGS, VARIANT_MEANINGS } from "./atlas-view.ts";
import { scatterSvg } from "./scatter-svg.ts";
import { useTokenNeurons } from "./use-token-neurons.ts";

export interface AtlasScatterProps {
  readonly model: ModelSummary;
  readonly view: AtlasView;
  readonly query: Query;
  readonly current: NeuronRow | undefined;
  readonly onOpen: (address: { readonly layer: number; readonly neuron: number }) => void;
}

const AXIS_LABELS = { peakedness: "peakedness: top-1 share of softmax, log", entropy: "entropy of softmax, nats" };

export function AtlasScatter({ model, view, query, current, onOpen }: AtlasScatterProps) {
  const { side, variant } = view;
  const { state, reload } = useResource(`scatter:${model.hash}:${side}:${variant}`, (signal) =>
    api.scatterNeurons({ params: { model: model.name }, query: { side, variant }, signal }),
  );
  return (
    <section className={styles.scatter} aria-label="All neurons by layer and peakedness">
      <div className={styles.scatterBar}>
        <h2>{side === "write" ? "What neurons write" : `What neurons read (${side})`}</h2>
        <span>
          {SIDE_MEANINGS[side]} · {VARIANT_MEANINGS[variant]}
        </span>
        <span className={styles.spacer} />
        <Segmented
          label="Measure"
          value={view.measure}
          options={MEASURES.map((measure) => ({ value: measure, label: measure, hint: AXIS_LABELS[measure] }))}
          onChange={(measure) =>
            query.set({ measure: measure === "peakedness" ? undefined : measure, range: undefined })
          }
        />
        {state.value !== undefined && <ScatterExport model={model} view={view} answer={state.value} />}
      </div>
      <div className={styles.scatterFrame}>
        <Answer state={state} skeleton={<Skeleton height={208} />} onRetry={reload} inline>
          {(answer) => (
            <Points model={model} view={view} query={query} answer={answer} current={current} onOpen={onOpen} />
          )}
        </Answer>
      </div>
    </section>
  );
}

interface PointsProps extends AtlasScatterProps {
  readonly answer: ScatterAnswer;
}

function Points({ model, view, query, answer, current, onOpen }: PointsProps) {
  const { layer, neuron, topToken } = answer;
  const value = answer[view.measure];
  const writers = useTokenNeurons(model.name, view).value;
  const indexOf = useMemo(() => new Map(layer.map((l, i) => [`${l}.${neuron[i]}`, i])), [layer, neuron]);
  const highlighted = useMemo(() => {
    if (writers === undefined) return undefined;
    return new Set(writers.matches.flatMap((match) => indexOf.get(`${match.layer}.${match.neuron}`) ?? []));
  }, [writers, indexOf]);
  const addressOf = (index: number) => ({ layer: layer[index] ?? 0, neuron: neuron[index] ?? 0 });
  return (
    <NeuronScatter
      layers={model.layers}
      layer={layer}
      value={value}
      scale={view.measure === "peakedness" ? "log" : "linear"}
      axisLabel={AXIS_LABELS[view.measure]}
      label={`${layer.length} neurons by layer and ${view.measure}`}
      highlightedLayer={view.layer}
      highlighted={highlighted}
      marked={current === undefined ? undefined : indexOf.get(`${current.layer}.${current.neuron}`)}
      range={view.range}
      onRange={(range) => query.set({ range: rangeText(range), sort: undefined })}
      onLayer={(chosen) => query.set({ layer: chosen === view.layer ? undefined : String(chosen) })}
      onOpen={(index) => onOpen(addressOf(index))}
      describe={(index) => (
        <span className={styles.tip}>
          <b className="mono">{neuronLabel(addressOf(index))}</b>
          <TokenChip text={topToken[index] ?? ""} />
          <span>
            {view.measure} {formatFigure(value[index] ?? 0)}
          </span>
        </span>
      )}
    />
  );
}

function ScatterExport({
  model,
  view,
  answer,
}: {
  readonly model: ModelSummary;
  readonly view: AtlasView;
  readonly answer: ScatterAnswer;
}) {
  return (
    <ExportMenu
      name={`${model.name}-${answer.side}-${answer.variant}-${view.measure}`}
      svg={() => scatterSvg(model.layers, answer, view.measure, AXIS_LABELS[view.measure])}
      table={() => ({
        header: ["layer", "neuron", `peakedness (${answer.side}, ${answer.variant})`, "entropy (nats)", "top token"],
        rows: answer.layer.map((l, i) => [
          l,
          answer.neuron[i],
          answer.peakedness[i],
          answer.entropy[i],
          answer.topToken[i],
        ]),
      })}
    />
  );
}
