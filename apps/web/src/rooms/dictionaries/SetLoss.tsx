import { IntervalBars } from "@patchbay/charts/react";
import type { SetQuality } from "@patchbay/contract";
import { formatCount } from "../../shell/ui/format-number.ts";
import { Section } from "../common/Section.tsx";
import styles from "./Dictionaries.module.css";
import { nats, percent } from "./dictionary-words.ts";

/** Errors of several layers add up: the loss with the whole set spliced in at once. */
export function SetLoss({ quality }: { readonly quality: SetQuality }) {
  const { original, spliced, mean, zero } = quality;
  const recovered = (ablated: number) =>
    ablated === original ? "n/a" : percent((ablated - spliced) / (ablated - original), 1);
  return (
    <Section
      title={`All ${quality.dictionaries.length} of ${quality.set} at once`}
      aside={`nats, ${formatCount(quality.tokens)} tokens`}
    >
      <IntervalBars
        bars={[
          { name: "original", value: original },
          { name: "all spliced", value: spliced, tone: "strong", meaning: quality.dictionaries.join(", ") },
          { name: "all at mean", value: mean },
          { name: "all zeroed", value: zero },
        ]}
        label="loss, nats a token"
        origin={original}
        originLabel="bars begin at the original loss"
        nameWidth={98}
        format={nats}
      />
      <p className={styles.note}>
        Recovered: {recovered(mean)} against the mean, {recovered(zero)} against zero. Each layer reads what the layers
        below it wrote in place of the model’s own values.
      </p>
    </Section>
  );
}
