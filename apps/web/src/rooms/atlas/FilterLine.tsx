import type { ModelSummary } from "@patchbay/contract";
import type { ReactNode } from "react";
import { formatCount } from "../../shell/ui/format-number.ts";
import { TokenChip } from "../../shell/ui/TokenChip.tsx";
import { formatFigure } from "../common/format-figure.ts";
import type { Query } from "../common/query.ts";
import styles from "./Atlas.module.css";
import type { AtlasView } from "./atlas-view.ts";
import type { NeuronPages } from "./neuron-pages.ts";
import { useTokenNeurons } from "./use-token-neurons.ts";

/** How many neurons are listed, and why those: each reason can be taken away. */
export function FilterLine({
  view,
  query,
  pages,
  model,
}: {
  readonly view: AtlasView;
  readonly query: Query;
  readonly pages: NeuronPages;
  readonly model: ModelSummary;
}) {
  const { layer, token, search, range, measure, side } = view;
  const found = useTokenNeurons(model.name, view).value?.token;
  const layers = Array.from({ length: model.layers }, (_, index) => index);
  const verb = side === "write" ? "write" : "read";
  return (
    <div className={styles.filters}>
      <span aria-live="polite">
        <span className={styles.count}>{pages.status === "pending" ? "…" : formatCount(pages.total)}</span>{" "}
        {pages.total === 1 ? "neuron" : "neurons"}
      </span>
      {token !== undefined && (
        <Filter name="token" onClear={() => query.set({ token: undefined })}>
          {verb} <TokenChip text={found?.text ?? token} tone="bare" />
        </Filter>
      )}
      {search !== undefined && (
        <Filter name="search" onClear={() => query.set({ search: undefined })}>
          a token with “{search}”
        </Filter>
      )}
      {range !== undefined && (
        <Filter name="range" onClear={() => query.set({ range: undefined })}>
          {measure} {formatFigure(range[0])} … {formatFigure(range[1])}
        </Filter>
      )}
      {layer !== undefined && (
        <Filter name="layer" onClear={() => query.set({ layer: undefined })}>
          layer {layer}
        </Filter>
      )}
      <span className={styles.spacer} />
      <label>
        <span className="visually-hidden">Layer</span>
        <select
          className={styles.layerSelect}
          value={layer ?? ""}
          onChange={(event) => query.set({ layer: event.target.value })}
        >
          <option value="">all layers</option>
          {layers.map((index) => (
            <option key={index} value={index}>
              layer {index}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

function Filter({
  name,
  children,
  onClear,
}: {
  readonly name: string;
  readonly children: ReactNode;
  readonly onClear: () => void;
}) {
  return (
    <span className={styles.filter}>
      <span>{children}</span>
      <button type="button" onClick={onClear} aria-label={`Remove the ${name} filter`}>
        ×
      </button>
    </span>
  );
}
