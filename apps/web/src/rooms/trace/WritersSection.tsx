import { BarList } from "@patchbay/charts/react";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { formatFixed, formatSigned } from "../../shell/ui/format-number.ts";
import { Skeleton } from "../../shell/ui/Skeleton.tsx";
import { visibleToken } from "../../shell/ui/token-text.ts";
import styles from "./Side.module.css";
import { useTraceStore } from "./trace-context.tsx";
import { useAttribution } from "./use-attribution.ts";
import type { TraceData } from "./use-trace-data.ts";

const SHOWN = 7;

/** Direct logit attribution in short: the largest parts, the rest, and what is unexplained, even when that is nothing. */
export function WritersSection({ data }: { readonly data: TraceData }) {
  const store = useTraceStore();
  const shown = useAttribution(data);
  const target = visibleToken(data.target?.text ?? "");
  if (data.detailProblem !== undefined) return <ErrorState inline problem={data.detailProblem} />;
  if (shown === undefined) {
    return (
      <section aria-busy="true">
        <h2 className="section-title">Who wrote “{target}” here</h2>
        <Skeleton height={(SHOWN + 2) * 22} />
      </section>
    );
  }
  const { parts, total, unexplained, kind, result } = shown;
  const rest = parts.slice(SHOWN);
  const restShare = rest.reduce((sum, { share }) => sum + share, 0);
  const extent = Math.max(0.01, Math.abs(restShare), ...parts.map(({ share }) => Math.abs(share)));
  const minus = result.target.minus;
  return (
    <section>
      <h2 className="section-title">
        <span>
          {kind === "difference" ? "Change in who wrote" : "Who wrote"}{" "}
          <span className="mono">“{visibleToken(result.target.token.text)}”</span>
          {minus !== undefined && <span className="mono"> − “{visibleToken(minus.text)}”</span>} here
        </span>
        <span>logits, sum {formatFixed(total)}</span>
      </h2>
      <BarList
        label="Who wrote the logit"
        extent={extent}
        signed
        bars={[
          ...parts.slice(0, SHOWN).map(({ key, name, share, before, kind: part, layer, unit }) => ({
            key,
            label: name,
            value: share,
            reference: before,
            text: formatSigned(share),
            ...(part === "head" && layer !== undefined && unit !== undefined
              ? {
                  title: "Open this head",
                  onClick: () =>
                    store.update({ panel: "attention" as const, head: { layer, head: unit } }, { step: true }),
                }
              : {}),
          })),
          {
            key: "rest",
            label: `${rest.length} other parts`,
            value: restShare,
            text: formatSigned(restShare),
            quiet: true,
          },
          {
            key: "unexplained",
            label: "unexplained",
            value: unexplained,
            text: formatFixed(unexplained, 2),
            quiet: true,
            title: `${unexplained} logits`,
          },
        ]}
      />
      <p className={styles.captionRow}>
        <span>direct shares, final norm's scale held</span>
        <button
          type="button"
          className={styles.quietLink}
          onClick={() => store.update({ panel: "contributions" }, { step: true })}
        >
          all parts
        </button>
      </p>
    </section>
  );
}
