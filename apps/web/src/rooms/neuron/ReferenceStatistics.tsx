import type { ModelSummary, NeuronPage } from "@patchbay/contract";
import { forgetResources } from "../../shell/resource.ts";
import { formatCount, formatFixed } from "../../shell/ui/format-number.ts";
import common from "../common/common.module.css";
import { JobStarter } from "../common/JobStarter.tsx";
import { Section } from "../common/Section.tsx";

/** The neuron's activation over the model's reference text. */
export function ReferenceStatistics({
  model,
  page,
  reload,
}: {
  readonly model: ModelSummary;
  readonly page: NeuronPage;
  readonly reload: () => void;
}) {
  const { reference } = page;
  if (reference === null) {
    const onDone = () => {
      forgetResources(`neuron:${model.hash}`);
      reload();
    };
    return (
      <Section title="On the reference text" aside="activation">
        <p className="quiet" style={{ marginBottom: 8 }}>
          Not measured yet. The maximum is what “× maximum” multiplies in the clamp.
        </p>
        <JobStarter kind="reference-statistics" model={model.name} title="Measure all neurons" onDone={onDone} />
      </Section>
    );
  }
  return (
    <Section title="On the reference text" aside={`activation, ${formatCount(reference.tokens)} tokens`}>
      <dl className={common.facts}>
        <dt>maximum</dt>
        <dd>{formatFixed(reference.maximum, 3)}</dd>
        <dt>minimum</dt>
        <dd>{formatFixed(reference.minimum, 3)}</dd>
        <dt>mean</dt>
        <dd>{formatFixed(reference.mean, 4)}</dd>
        <dt>above zero</dt>
        <dd>{formatFixed(reference.positiveShare * 100, 1)} % of tokens</dd>
      </dl>
    </Section>
  );
}
