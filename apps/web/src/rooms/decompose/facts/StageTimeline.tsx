import { ExportMenu, LineChart } from "@patchbay/charts/react";
import type { FactTrace } from "@patchbay/contract";
import { useRef } from "react";
import { formatFigure } from "../../common/format-figure.ts";
import { Section } from "../../common/Section.tsx";
import styles from "../Decompose.module.css";

type PerLayer = FactTrace["timeline"]["attention"];

interface Stage {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly curves: readonly { readonly name: string; readonly colour: string; readonly values: PerLayer }[];
  /** What happens there, in a sentence. */
  readonly said: string;
}

/** Layer by layer: attention to the subject, what heads carry from it, what attention and MLPs write, what the stream holds. */
export function StageTimeline({ result }: { readonly result: FactTrace }) {
  const { timeline } = result;
  const { peaks } = timeline;
  const both = (of: { readonly topic: PerLayer; readonly answer: PerLayer }) => [
    { name: "topic", colour: "var(--counter)", values: of.topic },
    { name: "answer", colour: "var(--heat)", values: of.answer },
  ];
  const stages: readonly Stage[] = [
    {
      name: "attention",
      title: "1 · The subject is read",
      unit: "attention, last position → subject",
      curves: [
        { name: "strongest", colour: "var(--ink)", values: timeline.strongestAttention },
        { name: "mean", colour: "var(--ink-4)", values: timeline.attention },
      ],
      said: `strongest in L${peakOf(timeline.strongestAttention)}`,
    },
    {
      name: "moved",
      title: "2 · Heads move it",
      unit: "logits carried from the subject",
      curves: both(timeline.moved),
      said: `topic most in L${peaks.movedTopic}, answer most in L${peaks.movedAnswer}`,
    },
    {
      name: "attention-out",
      title: "3 · Attention writes",
      unit: "logits, attn_out at the last position",
      curves: both(timeline.attentionOut),
      said: `topic most in L${peaks.attentionOutTopic}, answer most in L${peaks.attentionOutAnswer}`,
    },
    {
      name: "mlp-out",
      title: "4 · MLPs write",
      unit: "logits, mlp_out at the last position",
      curves: both(timeline.mlpOut),
      said: `topic most in L${peaks.mlpOutTopic}, answer most in L${peaks.mlpOutAnswer}`,
    },
    {
      name: "mlp-neurons",
      title: "5 · Neurons for and against",
      unit: "logits of the answer, summed by sign",
      curves: [
        { name: "raise", colour: "var(--heat)", values: timeline.promoted },
        { name: "lower", colour: "var(--counter)", values: timeline.suppressed },
      ],
      said: `most against in L${troughOf(timeline.suppressed)}`,
    },
    {
      name: "residual",
      title: "6 · The stream holds",
      unit: "logits, resid_post at the last position",
      curves: both(timeline.residual),
      said: `topic most in L${peaks.residualTopic}, answer most in L${peaks.residualAnswer}`,
    },
  ];
  return (
    <div>
      <Section
        title="Stages, layer by layer"
        aside={`means over ${result.prompts.length} ${result.prompts.length === 1 ? "prompt" : "prompts"}; direct contributions in logits, final norm’s scale of the run; topic: the subject’s own tokens`}
      >
        <div className={styles.three}>
          {stages.map((stage) => (
            <StagePlot key={stage.name} stage={stage} />
          ))}
        </div>
      </Section>
    </div>
  );
}

function StagePlot({ stage }: { readonly stage: Stage }) {
  const figure = useRef<HTMLDivElement>(null);
  const layers = stage.curves[0]?.values.length ?? 0;
  return (
    <Section
      title={stage.title}
      aside={
        <ExportMenu
          name={`stage-${stage.name}`}
          figure={figure}
          table={() => ({
            header: ["layer", ...stage.curves.flatMap(({ name }) => [`${name}: ${stage.unit}`, "low", "high"])],
            rows: Array.from({ length: layers }, (_, layer) => [
              layer,
              ...stage.curves.flatMap(({ values }) => {
                const at = values[layer];
                return [at?.mean, at?.low, at?.high];
              }),
            ]),
          })}
        />
      }
    >
      <p className="quiet">
        {stage.unit}; {stage.said}
      </p>
      <div ref={figure}>
        <LineChart
          series={stage.curves.map(({ name, colour, values }) => ({
            name,
            colour,
            points: values.map(({ mean }, x) => ({ x, y: mean })),
          }))}
          label={`${stage.title}: ${stage.unit}`}
          height={150}
          unitX="layer"
          nameWidth={56}
          format={formatFigure}
          formatX={(value) => `L${value},`}
        >
          {(geometry) =>
            stage.curves.map(({ name, colour, values }) => (
              <g key={name} stroke={colour} strokeOpacity={0.45}>
                {values.map(({ low, high }, layer) => (
                  <line
                    // biome-ignore lint/suspicious/noArrayIndexKey: a value is its layer
                    key={layer}
                    x1={geometry.placeX(layer)}
                    x2={geometry.placeX(layer)}
                    y1={geometry.placeY(low)}
                    y2={geometry.placeY(high)}
                  />
                ))}
              </g>
            ))
          }
        </LineChart>
      </div>
    </Section>
  );
}

function peakOf(values: PerLayer): number {
  return values.reduce((best, { mean }, layer) => (mean > (values[best]?.mean ?? 0) ? layer : best), 0);
}

function troughOf(values: PerLayer): number {
  return values.reduce((best, { mean }, layer) => (mean < (values[best]?.mean ?? 0) ? layer : best), 0);
}
