/** How a dictionary was made here: the request word for word, and its curves. */
import { TrainingPoint, TrainingRequest } from "@patchbay/contract";
import { formatCount } from "../../shell/ui/format-number.ts";
import common from "../common/common.module.css";
import { Section } from "../common/Section.tsx";
import styles from "./Dictionaries.module.css";
import { TrainingCharts } from "./TrainingCharts.tsx";
import { recipeFacts } from "./training-facts.ts";

export function TrainingRecord({
  training,
  name,
}: {
  readonly training: Readonly<Record<string, unknown>>;
  readonly name: string;
}) {
  const request = TrainingRequest.safeParse(training.request);
  const points = TrainingPoint.array().safeParse(training.points);
  if (!request.success) {
    return (
      <Section title="Training" aside="as recorded">
        <pre className={styles.raw}>{JSON.stringify(training, undefined, 2)}</pre>
      </Section>
    );
  }
  const target = request.data.targets.findIndex((candidate) => candidate.name === name);
  const own = (points.data ?? []).filter((point) => target === -1 || point.target === target);
  return (
    <>
      <Section title="Recipe" aside="what was asked for; defaults are named">
        <dl className={common.facts}>
          {recipeFacts(request.data, name).map(([fact, text]) => (
            <div key={fact} style={{ display: "contents" }}>
              <dt>{fact}</dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
      </Section>
      {own.length > 0 && (
        <Section title="How it went" aside={`${formatCount(request.data.tokens)} tokens`}>
          <TrainingCharts
            targets={[name]}
            points={own.map((point) => ({ ...point, target: 0 }))}
            tokens={request.data.tokens}
            name={name}
          />
        </Section>
      )}
    </>
  );
}
