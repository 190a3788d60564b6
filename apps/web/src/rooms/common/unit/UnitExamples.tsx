import { ExportMenu, TokenStrip } from "@patchbay/charts/react";
import type { ModelSummary, UnitPage } from "@patchbay/contract";
import { tracePath } from "@patchbay/workbench-state";
import { Link } from "../../../shell/Link.tsx";
import { formatCount } from "../../../shell/ui/format-number.ts";
import { Segmented } from "../../../shell/ui/Segmented.tsx";
import { visibleToken } from "../../../shell/ui/token-text.ts";
import { formatFigure } from "../format-figure.ts";
import { oneOf, type Query } from "../query.ts";
import { Section } from "../Section.tsx";
import { EXAMPLE_LISTS, groupsOf } from "./example-groups.ts";
import { examplePrompt } from "./example-prompt.ts";
import styles from "./Unit.module.css";
import { unitName } from "./unit-address.ts";

type Example = UnitPage["groups"][number]["examples"][number];

/** Windows of the corpus in which the unit fires: the strongest, some of each interval of strength, some at random. */
export function UnitExamples({
  model,
  page,
  query,
}: {
  readonly model: ModelSummary;
  readonly page: UnitPage;
  readonly query: Query;
}) {
  const list = oneOf(query.get("examples"), EXAMPLE_LISTS, "top");
  const groups = groupsOf(page.groups, list);
  // Examples are of firing: a neuron's far minimum must not make its strongest places pale.
  const maximum = page.statistics?.maximum ?? 0;
  const limit = maximum > 0 ? maximum : undefined;
  return (
    <Section
      title="On text"
      aside={
        <span className={styles.aside}>
          <Segmented
            label="Examples"
            value={list}
            options={[
              { value: "top", label: "top", hint: "Where it fires most" },
              { value: "intervals", label: "by strength", hint: "Some of each interval between 0 and its maximum" },
              { value: "random", label: "random", hint: "Drawn from everywhere it fires" },
            ]}
            onChange={(next) => query.set({ examples: next === "top" ? undefined : next })}
          />
          <ExportMenu name={`${unitName(page)}-examples`} table={() => exampleTable(page)} />
        </span>
      }
    >
      {groups.length === 0 && <p className="quiet">The index holds no such examples of this unit.</p>}
      {groups.map((group) => (
        <div key={group.name} className={styles.group}>
          {list !== "top" && (
            <h3>
              {group.name} · {formatFigure(group.from)} … {formatFigure(group.to)}
              <span>{formatFigure(group.share * 100)} % of firing tokens</span>
            </h3>
          )}
          {group.examples.length === 0 && <p className="quiet">It never fires this strongly in the corpus.</p>}
          <ol className={styles.examples}>
            {group.examples.map((example) => (
              <li key={`${example.document}.${example.peak}`}>
                <ExampleRow model={model} page={page} example={example} limit={limit} />
              </li>
            ))}
          </ol>
        </div>
      ))}
    </Section>
  );
}

function ExampleRow({
  model,
  page,
  example,
  limit,
}: {
  readonly model: ModelSummary;
  readonly page: UnitPage;
  readonly example: Example;
  readonly limit: number | undefined;
}) {
  const { document, peak, start, tokens, activations } = example;
  const { prompt, position, cut } = examplePrompt(example, model);
  const isFeature = page.kind === "feature";
  const path = tracePath({
    model: model.name,
    prompt,
    selected: { depth: page.layer, position },
    ...(isFeature ? { dictionaries: page.source, feature: { dictionary: page.source, feature: page.unit } } : {}),
  });
  return (
    <div className={styles.example}>
      <TokenStrip
        tokens={tokens.map(({ text }, i) => ({
          position: start + i,
          text,
          label: visibleToken(text),
          value: activations[i],
        }))}
        quantity="activation"
        limit={limit}
        peak={peak}
      />
      <span className="quiet" title={`Text number ${document} of the corpus, position ${peak}`}>
        doc {document}
      </span>
      <Link
        href={path}
        title={
          cut
            ? "Open this window in Trace. The text before it is not part of the prompt, so activations differ a little"
            : "Open this text in Trace"
        }
      >
        Trace
      </Link>
    </div>
  );
}

function exampleTable(page: UnitPage) {
  return {
    header: ["group", "document", "position", "token id", "token", "activation", "is peak"],
    rows: page.groups.flatMap(({ name, examples }) =>
      examples.flatMap(({ document, start, peak, tokens, activations }) =>
        tokens.map(({ id, text }, i) => [
          name,
          document,
          start + i,
          id,
          text,
          activations[i],
          String(start + i === peak),
        ]),
      ),
    ),
  };
}

export function corpusText({ corpus }: UnitPage): string {
  return corpus === null ? "" : `${formatCount(corpus.tokens)} tokens of ${corpus.name}, BOS left out`;
}
