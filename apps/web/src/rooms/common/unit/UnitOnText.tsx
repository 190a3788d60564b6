import type { ModelSummary, UnitPage } from "@patchbay/contract";
import type { Resource } from "../../../shell/resource.ts";
import { Skeleton } from "../../../shell/ui/Skeleton.tsx";
import { Answer } from "../Answer.tsx";
import type { Query } from "../query.ts";
import { IndexMissing } from "./IndexMissing.tsx";
import styles from "./Unit.module.css";
import { UnitExamples } from "./UnitExamples.tsx";
import { type MarkedValue, UnitStatisticsSection } from "./UnitStatisticsSection.tsx";

/** Examples and statistics of a unit side by side, or the way to them. */
export function UnitOnText({
  model,
  unit,
  query,
  marked,
}: {
  readonly model: ModelSummary;
  readonly unit: Resource<UnitPage>;
  readonly query: Query;
  /** The unit's largest activation on the reader's text. */
  readonly marked: MarkedValue | undefined;
}) {
  return (
    <Answer state={unit.state} skeleton={<Skeleton height={330} />} onRetry={unit.reload} inline>
      {(page) =>
        page.statistics === null ? (
          <IndexMissing model={model} onDone={unit.reload} />
        ) : (
          <div className={styles.onText}>
            <UnitExamples model={model} page={page} query={query} />
            <UnitStatisticsSection page={page} marked={marked} />
          </div>
        )
      }
    </Answer>
  );
}
