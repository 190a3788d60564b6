import type { ModelSummary, NeuronPage, NeuronSide } from "@patchbay/contract";
import { pathOfRoute } from "@patchbay/workbench-state";
import { Segmented } from "../../shell/ui/Segmented.tsx";
import { VARIANT_MEANINGS, VARIANTS } from "../atlas/atlas-view.ts";
import { type Query, withQuery } from "../common/query.ts";
import { type NamedToken, tokenSpelling } from "../common/token-spelling.ts";
import styles from "./Neuron.module.css";
import { NeuronPlace } from "./NeuronPlace.tsx";
import type { NeuronView } from "./neuron-view.ts";
import { ReferenceStatistics } from "./ReferenceStatistics.tsx";
import { SideReport } from "./SideReport.tsx";

/** What the weights alone say: the tokens that the neuron writes and reads, and how peaked that is. */
export function NeuronWeights({
  model,
  page,
  view,
  query,
  reload,
}: {
  readonly model: ModelSummary;
  readonly page: NeuronPage;
  readonly view: NeuronView;
  readonly query: Query;
  readonly reload: () => void;
}) {
  const order = ["write", "gate", "up"] as const;
  const sides = order.flatMap((side) => page.sides.find((report) => report.side === side) ?? []);
  const atlas = pathOfRoute({ room: "atlas", model: model.name });
  const hrefOf = (side: NeuronSide) => (token: NamedToken) =>
    atlas +
    withQuery("", {
      token: tokenSpelling(token),
      side: side === "write" ? undefined : side,
      variant: view.variant === "folded" ? undefined : view.variant,
    });
  return (
    <div className={styles.weights}>
      <div className={styles.variantLine}>
        <Segmented
          label="Variant"
          value={view.variant}
          options={VARIANTS.map((variant) => ({ value: variant, label: variant, hint: VARIANT_MEANINGS[variant] }))}
          onChange={(variant) => query.set({ variant: variant === "folded" ? undefined : variant })}
        />
        <p className="quiet">{VARIANT_MEANINGS[view.variant]}</p>
      </div>
      {sides.map((report) => (
        <SideReport
          key={report.side}
          report={report}
          variant={view.variant}
          gated={page.gated}
          hrefOf={hrefOf(report.side)}
        />
      ))}
      <NeuronPlace model={model} page={page} />
      <ReferenceStatistics model={model} page={page} reload={reload} />
    </div>
  );
}
