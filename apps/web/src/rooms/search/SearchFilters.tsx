import type { ModelSummary } from "@patchbay/contract";
import { formatCount } from "../../shell/ui/format-number.ts";
import { Segmented } from "../../shell/ui/Segmented.tsx";
import type { Query } from "../common/query.ts";
import { useDraft } from "../common/use-draft.ts";
import styles from "./Search.module.css";
import type { SearchView } from "./search-view.ts";
import type { UnitSourceFacts } from "./unit-sources.ts";

/** How many units are listed, and which are left out. */
export function SearchFilters({
  view,
  query,
  model,
  sources,
  total,
}: {
  readonly view: SearchView;
  readonly query: Query;
  readonly model: ModelSummary;
  readonly sources: readonly UnitSourceFacts[];
  /** undefined while it is counted. */
  readonly total: number | undefined;
}) {
  const { kind, source, layer, dead, mode } = view;
  const offered = sources.filter(
    (facts) => (kind === undefined || facts.kind === kind) && (layer === undefined || facts.layer === layer),
  );
  return (
    <div className={styles.filters}>
      <span aria-live="polite">
        <b>{total === undefined ? "…" : formatCount(total)}</b> {total === 1 ? "unit" : "units"}
      </span>
      <Segmented
        label="Kind"
        value={kind ?? "both"}
        options={[
          { value: "both", label: "both" },
          { value: "feature", label: "features" },
          { value: "neuron", label: "neurons" },
        ]}
        onChange={(next) => query.set({ kind: next === "both" ? undefined : next, source: undefined })}
      />
      <select
        aria-label="Layer"
        value={layer ?? ""}
        onChange={(event) => query.set({ layer: event.target.value, source: undefined })}
      >
        <option value="">all layers</option>
        {Array.from({ length: model.layers }, (_, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a layer is its index
          <option key={index} value={index}>
            layer {index}
          </option>
        ))}
      </select>
      <select aria-label="Source" value={source ?? ""} onChange={(event) => query.set({ source: event.target.value })}>
        <option value="">all sources</option>
        {source !== undefined && !offered.some((facts) => facts.source === source) && (
          <option value={source}>{source}</option>
        )}
        {offered.map((facts) => (
          <option key={facts.source} value={facts.source}>
            {facts.name}
          </option>
        ))}
      </select>
      {mode !== "text" && (
        <>
          <span className={styles.range}>
            density
            <Percent
              label="Smallest density, per cent"
              placeholder="0"
              value={view.minimumDensity}
              onChange={(from) => query.set({ from })}
            />
            …
            <Percent
              label="Largest density, per cent"
              placeholder="100"
              value={view.maximumDensity}
              onChange={(to) => query.set({ to })}
            />
            %
          </span>
          <Segmented
            label="Units that never fire"
            value={dead}
            options={[
              { value: "exclude", label: "alive", hint: "Only units that fire somewhere in the corpus" },
              { value: "include", label: "all" },
              { value: "only", label: "dead", hint: "Only units that never fire in the corpus" },
            ]}
            onChange={(next) => query.set({ dead: next === "exclude" ? undefined : next })}
          />
        </>
      )}
      {mode === "text" && <span className="quiet">score = (mean here − mean in the corpus) ÷ corpus maximum</span>}
    </div>
  );
}

/** A share as per cent; empty is no limit. */
function Percent({
  label,
  placeholder,
  value,
  onChange,
}: {
  readonly label: string;
  readonly placeholder: string;
  readonly value: number | undefined;
  onChange(share: string | undefined): void;
}) {
  const shown = value === undefined ? "" : String(Number((value * 100).toPrecision(6)));
  const [draft, setDraft] = useDraft(shown, (text) => onChange(shareOf(text)), 350);
  return (
    <input
      aria-label={label}
      aria-invalid={draft.trim() !== "" && shareOf(draft) === undefined}
      inputMode="decimal"
      placeholder={placeholder}
      value={draft}
      onChange={(event) => setDraft(event.target.value)}
    />
  );
}

function shareOf(percent: string): string | undefined {
  const value = Number(percent.replace(",", "."));
  if (percent.trim() === "" || !(value >= 0 && value <= 100)) return undefined;
  return String(Number((value / 100).toPrecision(8)));
}
