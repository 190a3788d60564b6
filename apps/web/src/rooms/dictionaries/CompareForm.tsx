import type { DictionarySummary } from "@patchbay/contract";
import { Button } from "../../shell/ui/Button.tsx";
import { formatFixed } from "../../shell/ui/format-number.ts";
import { Segmented } from "../../shell/ui/Segmented.tsx";
import { useDraft } from "../common/use-draft.ts";
import { type CompareView, MATCHINGS, VECTORS } from "./compare-view.ts";
import styles from "./Dictionaries.module.css";
import { comparable } from "./dictionary-groups.ts";

const VECTOR_HINTS = {
  both: "mean of the two cosines",
  decoder: "cosine of what the features write",
  encoder: "cosine of what they read",
} as const;
const MATCHING_HINTS = {
  "one-to-one": "Hungarian: each feature has at most one partner, and the sum of similarities is largest",
  greedy: "each left feature takes its best, several may take the same",
} as const;

export function CompareForm({
  view,
  dictionaries = [],
  onChange,
  onSwap,
}: {
  readonly view: CompareView;
  readonly dictionaries: readonly DictionarySummary[] | undefined;
  readonly onChange: (part: Partial<CompareView>) => void;
  readonly onSwap: () => void;
}) {
  const [threshold, setThreshold] = useDraft(view.threshold, (value) => onChange({ threshold: value }), 300);
  const left = dictionaries.find(({ name }) => name === view.left);
  const right = dictionaries.find(({ name }) => name === view.right);
  const fitting = left === undefined ? dictionaries : dictionaries.filter((other) => comparable(left, other));
  return (
    <div className={styles.controls}>
      <Choice label="left" value={view.left} options={dictionaries} onChange={(name) => onChange({ left: name })} />
      <Button kind="bare" onClick={onSwap} title="Swap left and right (x)" aria-label="Swap left and right">
        ⇄
      </Button>
      <Choice
        label={left === undefined ? "right" : "right · same site"}
        value={view.right}
        options={right === undefined || fitting.includes(right) ? fitting : [...fitting, right]}
        onChange={(name) => onChange({ right: name })}
      />
      <span className={styles.control}>
        <span>similarity of</span>
        <Segmented
          label="Vectors"
          value={view.vectors}
          options={VECTORS.map((value) => ({ value, label: value, hint: VECTOR_HINTS[value] }))}
          onChange={(vectors) => onChange({ vectors })}
        />
      </span>
      <span className={styles.control}>
        <span>matching</span>
        <Segmented
          label="Matching"
          value={view.matching}
          options={MATCHINGS.map((value) => ({ value, label: value, hint: MATCHING_HINTS[value] }))}
          onChange={(matching) => onChange({ matching })}
        />
      </span>
      <label className={styles.control}>
        <span>
          shared from similarity <b className={styles.inked}>{formatFixed(threshold, 2)}</b>
        </span>
        <input
          type="range"
          min={0}
          max={1}
          step={0.01}
          value={threshold}
          onChange={(event) => setThreshold(Number(event.target.value))}
        />
      </label>
    </div>
  );
}

function Choice({
  label,
  value,
  options,
  onChange,
}: {
  readonly label: string;
  readonly value: string | undefined;
  readonly options: readonly DictionarySummary[];
  readonly onChange: (name: string | undefined) => void;
}) {
  const known = value === undefined || options.some(({ name }) => name === value);
  return (
    <label className={styles.control}>
      <span>{label}</span>
      <select
        className="mono"
        value={value ?? ""}
        onChange={(event) => onChange(event.target.value === "" ? undefined : event.target.value)}
      >
        <option value="">choose …</option>
        {!known && <option value={value}>{value}</option>}
        {options.map(({ name, layer, features }) => (
          <option key={name} value={name}>
            {name} · L{layer} · {features}
          </option>
        ))}
      </select>
    </label>
  );
}
