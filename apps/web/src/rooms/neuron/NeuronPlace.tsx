import { Histogram, useElementSize } from "@patchbay/charts/react";
import type { ModelSummary, NeuronPage } from "@patchbay/contract";
import { useMemo, useRef } from "react";
import { api } from "../../shell/api.ts";
import { useResource } from "../../shell/resource.ts";
import { formatCount } from "../../shell/ui/format-number.ts";
import { Section } from "../common/Section.tsx";
import styles from "./Neuron.module.css";

/** How peaked this neuron's writing is among the others. */
export function NeuronPlace({ model, page }: { readonly model: ModelSummary; readonly page: NeuronPage }) {
  const frame = useRef<HTMLDivElement>(null);
  const { width } = useElementSize(frame);
  const { state } = useResource(`scatter:${model.hash}:write:folded`, (signal) =>
    api.scatterNeurons({ params: { model: model.name }, query: { side: "write", variant: "folded" }, signal }),
  );
  const scatter = state.value;
  const { values, own } = useMemo(() => {
    if (scatter === undefined) return { values: [], own: undefined };
    const logarithms = scatter.peakedness.map((value) => Math.log10(value));
    const index = scatter.layer.findIndex((layer, i) => layer === page.layer && scatter.neuron[i] === page.neuron);
    return { values: logarithms.filter((_, i) => scatter.layer[i] === page.layer), own: logarithms[index] };
  }, [scatter, page.layer, page.neuron]);
  const { peakednessInLayer, peakednessInModel } = page.rank;
  return (
    <Section title="Place" aside="peakedness of writing, folded">
      <p>
        <b>{ordinal(peakednessInLayer)}</b> most peaked of {formatCount(model.neuronsPerLayer)} in layer {page.layer} ·{" "}
        <b>{ordinal(peakednessInModel)}</b> of {formatCount(model.layers * model.neuronsPerLayer)} in the model
      </p>
      <div ref={frame} className={styles.histogram}>
        {width > 0 && values.length > 0 && (
          <Histogram
            values={values}
            width={width}
            height={70}
            marked={own}
            label={`log₁₀ peakedness of the neurons of layer ${page.layer}`}
          />
        )}
      </div>
      <p className="quiet">log₁₀ peakedness, layer {page.layer}; the orange line is this neuron</p>
    </Section>
  );
}

/** The contract counts from 0; people from 1st. */
function ordinal(rank: number): string {
  const place = rank + 1;
  const tail = place % 100 >= 11 && place % 100 <= 13 ? "th" : (["th", "st", "nd", "rd"][place % 10] ?? "th");
  return `${formatCount(place)}${tail}`;
}
