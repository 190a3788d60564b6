import type { SeedBadge } from "@patchbay/contract";
import styles from "./Unit.module.css";

type Badge = ReturnType<typeof SeedBadge.parse>;

/** "found in m of n seeds": whether training again finds the feature again. `short` is for rows. */
export function SeedBadgeText({ badge, short = false }: { readonly badge: Badge; readonly short?: boolean }) {
  const { found, seeds, threshold } = badge;
  return (
    <span
      className={styles.badge}
      data-found={found === 0 ? "none" : found === seeds ? "all" : "some"}
      title={`Found in ${found} of ${seeds} dictionaries trained with other seeds: a partner there has mean cosine of encoder and decoder ≥ ${threshold}`}
    >
      {short ? `${found}/${seeds}` : `found in ${found} of ${seeds} other ${seeds === 1 ? "seed" : "seeds"}`}
    </span>
  );
}
