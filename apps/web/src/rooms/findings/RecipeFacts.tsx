import type { Snapshot } from "@patchbay/contract";
import common from "../common/common.module.css";
import { Section } from "../common/Section.tsx";
import type { Recipe } from "../common/wire.ts";
import styles from "./Findings.module.css";

/** Everything that is needed to compute the same numbers again. */
export function RecipeFacts({ finding }: { readonly finding: Snapshot }) {
  const recipe: Recipe | undefined = finding.parts[0]?.result.recipe;
  const facts: [string, string][] = [
    ["model", finding.model],
    ["model hash", finding.modelHash],
    ["engine", finding.engine],
    ...(recipe === undefined
      ? []
      : ([
          ["runtime", recipe.runtime],
          ["tokens", recipe.tokens.map((row) => row.join(" ")).join("\n")],
          ["BOS", recipe.bosPrepended ? "prepended" : "not prepended"],
          ["normalisation", recipe.normalisation],
          ["number format", recipe.dtype],
          ["weights", recipe.weights],
          ["recipe hash", recipe.hash],
        ] satisfies [string, string][])),
  ];
  return (
    <Section title="Recipe">
      <dl className={`${common.facts} ${styles.recipe}`}>
        {facts.map(([name, value]) => (
          <div key={name} style={{ display: "contents" }}>
            <dt>{name}</dt>
            <dd className="mono">{value}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
