/** How a dictionary was made here: the request word for word, and its curves. */
import { TrainingPoint, TrainingRequest } from "@patchbay/contract";
import common from "../common/common.module.css";
import { Section } from "../common/Section.tsx";
import styles from "./Dictionaries.module.css";
import { TrainingCharts } from "./TrainingCharts.tsx";
import { recipeFacts } from "./training-facts.ts";

interface Recorded {
  readonly training: Readonly<Record<string, unknown>>;
  readonly name: string;
}

export function TrainingRecipe({ training, name }: Recorded) {
  const request = TrainingRequest.safeParse(training.request);
  if (!request.success) {
    return (
      <Section title="Training" aside="as recorded">
        <pre className={styles.raw}>{JSON.stringify(training, undefined, 2)}</pre>
      </Section>
    );
  }
  return (
    <Section title="Recipe" aside="as asked for; defaults are named">
      <dl className={common.facts}>
        {recipeFacts(request.data, name).map(([fact, text]) => (
          <div key={fact} style={{ display: "contents" }}>
            <dt>{fact}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}

/** The curves of this dictionary alone, out of a training that may have had many targets. */
export function TrainingCourse({ training, name }: Recorded) {
  const request = TrainingRequest.safeParse(training.request).data;
  const points = TrainingPoint.array().safeParse(training.points).data ?? [];
  if (request === undefined) return null;
  const target = request.targets.findIndex((candidate) => candidate.name === name);
  const own = points
    .filter((point) => target === -1 || point.target === target)
    .map((point) => ({ ...point, target: 0 }));
  if (own.length === 0) return null;
  return <TrainingCharts targets={[name]} points={own} tokens={request.tokens} name={name} />;
}
