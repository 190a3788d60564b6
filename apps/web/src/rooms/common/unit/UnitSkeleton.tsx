/** A unit's page while it is read: weights at the left, what it does on text at the right. */
import { Skeleton } from "../../../shell/ui/Skeleton.tsx";
import styles from "../../neuron/Neuron.module.css";
import { SkeletonStack } from "../SkeletonStack.tsx";

export function UnitSkeleton({ heights }: { readonly heights: readonly number[] }) {
  return (
    <div className={styles.room}>
      <div className={styles.weights}>
        <SkeletonStack count={3} height={230} />
      </div>
      <div className={styles.bench}>
        {heights.map((height) => (
          <Skeleton key={height} height={height} />
        ))}
      </div>
    </div>
  );
}
