import type { ModelSummary, NeuronPage } from "@patchbay/contract";
import { type CSSProperties, useState } from "react";
import { Segmented } from "../../shell/ui/Segmented.tsx";
import { TokenChip } from "../../shell/ui/TokenChip.tsx";
import common from "../common/common.module.css";
import type { Query } from "../common/query.ts";
import { TokenSearch } from "../common/TokenSearch.tsx";
import { tokenSpelling } from "../common/token-spelling.ts";
import { useDraft } from "../common/use-draft.ts";
import { absoluteValue, type Clamp, type NeuronScale, PLACE_MEANINGS, sliderRange, valueInUnit } from "./clamp.ts";
import type { FollowedToken } from "./followed-tokens.ts";
import styles from "./Neuron.module.css";
import { MAXIMUM_TOKENS, type NeuronView, PLACES, readPositions, writePositions } from "./neuron-view.ts";

/** The patch on this neuron: where it sits, how strong it is, at which positions. */
export function ClampPanel({
  model,
  page,
  view,
  query,
  clamp,
  scale,
  followed,
}: {
  readonly model: ModelSummary;
  readonly page: NeuronPage;
  readonly view: NeuronView;
  readonly query: Query;
  readonly clamp: Clamp;
  readonly scale: NeuronScale;
  readonly followed: readonly FollowedToken[];
}) {
  const places = page.gated ? PLACES : PLACES.filter((place) => place !== "up");
  const addToken = (token: { readonly id: number; readonly text: string }) => {
    if (view.tokens.length >= MAXIMUM_TOKENS) return;
    query.set({ token: [...new Set([...view.tokens, tokenSpelling(token)])] });
  };
  return (
    <div className={styles.controls}>
      <h2 className="section-title">
        <span className={common.sectionName}>
          <span className={styles.jack} aria-hidden="true" />
          Clamp
        </span>
      </h2>
      <div className={styles.control}>
        <Segmented
          label="Place"
          value={view.place}
          options={places.map((place) => ({ value: place, label: place, hint: PLACE_MEANINGS[place] }))}
          onChange={(place) =>
            query.set({ place: place === "post" ? undefined : place, value: undefined, unit: undefined })
          }
        />
        <p>
          {page.gated
            ? PLACE_MEANINGS[view.place]
            : PLACE_MEANINGS[view.place].replace(", act(gate) × up: the gate has no say", "")}
        </p>
      </div>
      <ValueControl query={query} clamp={clamp} scale={scale} />
      <PositionControl query={query} clamp={clamp} />
      <div className={styles.control}>
        <span className={styles.controlLabel}>
          Followed tokens <span className="quiet">the neuron’s first, and yours</span>
        </span>
        {view.tokens.length > 0 && (
          <div className={styles.followed}>
            {followed.flatMap(({ added }) =>
              added === undefined ? (
                []
              ) : (
                <button
                  key={added}
                  type="button"
                  aria-label={`Stop following ${added}`}
                  onClick={() => query.set({ token: view.tokens.filter((token) => token !== added) })}
                >
                  <TokenChip text={added} /> ×
                </button>
              ),
            )}
          </div>
        )}
        <TokenSearch
          model={model.name}
          label="Follow a token"
          placeholder="Follow a token, such as  L"
          note="follow"
          onToken={addToken}
        />
      </div>
    </div>
  );
}

interface ControlProps {
  readonly query: Query;
  readonly clamp: Clamp;
}

function ValueControl({ query, clamp, scale }: ControlProps & { readonly scale: NeuronScale }) {
  const [value, setValue] = useDraft(clamp.value, (next) => query.set({ value: String(next), unit: clamp.unit }), 130);
  const { low, high, step } = sliderRange(clamp, scale);
  const absolute = absoluteValue({ ...clamp, value }, scale);
  const canMultiply = clamp.place === "post" && scale.maximum !== undefined;
  const other = clamp.unit === "maximum" ? "absolute" : "maximum";
  const note =
    scale.maximum === undefined
      ? "reference maximum not measured"
      : `maximum on reference text ${scale.maximum.toFixed(2)}`;
  return (
    <div className={styles.control}>
      <span className={styles.controlLabel}>
        <label htmlFor="clamp-value">Value</label>
        <span className="quiet">{clamp.unit === "maximum" ? `= ${signed(absolute)}` : unitOf(clamp.place)}</span>
      </span>
      <input
        type="range"
        className={styles.slider}
        aria-label="Clamp value"
        aria-valuetext={`${signed(value)} ${clamp.unit === "maximum" ? "times the maximum" : unitOf(clamp.place)}`}
        min={low}
        max={high}
        step={step}
        value={value}
        style={{ "--share": `${((value - low) / (high - low)) * 100}%` } as CSSProperties}
        onChange={(event) => setValue(Number(event.target.value))}
      />
      <span className={styles.value}>
        <input
          id="clamp-value"
          type="number"
          step={step}
          value={value}
          onChange={(event) => event.target.value !== "" && setValue(Number(event.target.value))}
        />
        <Segmented
          label="Unit of the value"
          value={clamp.unit}
          options={[
            {
              value: "maximum",
              label: "× maximum",
              disabled: canMultiply ? undefined : "Only for the place post, once the maximum is measured",
            },
            { value: "absolute", label: "absolute" },
          ]}
          onChange={() =>
            query.set({ unit: other, value: String(valueInUnit(absolute, { ...clamp, unit: other }, scale)) })
          }
        />
      </span>
      <p>{note}</p>
    </div>
  );
}

function PositionControl({ query, clamp }: ControlProps) {
  const kind = typeof clamp.positions === "string" ? clamp.positions : "these";
  const [typed, setTyped] = useState(typeof clamp.positions === "string" ? "" : writePositions(clamp.positions));
  const read = typed.trim() === "" ? undefined : readPositions(typed);
  return (
    <div className={styles.control}>
      <span className={styles.controlLabel}>Positions</span>
      <span className={styles.positions}>
        <Segmented
          label="Positions"
          value={kind}
          options={[
            { value: "all", label: "all", hint: "Every position, generated ones included" },
            { value: "last", label: "last", hint: "The last position of the text" },
            { value: "these", label: "these", hint: "Indices; −1 is the last" },
          ]}
          onChange={(next) => {
            if (next === "these") setTyped((known) => (known === "" ? "-1" : known));
            query.set({
              positions: next === "all" ? undefined : next === "these" ? writePositions(read ?? [-1]) : next,
            });
          }}
        />
        {kind === "these" && (
          <input
            aria-label="Position indices, separated by commas"
            aria-invalid={typed.trim() !== "" && read === undefined}
            value={typed}
            placeholder="3, 5, −1"
            onChange={(event) => {
              setTyped(event.target.value);
              const positions = readPositions(event.target.value);
              if (positions !== undefined) query.set({ positions: writePositions(positions) });
            }}
          />
        )}
      </span>
      {kind === "these" && typed.trim() !== "" && read === undefined && (
        <p role="alert">Whole numbers separated by commas, such as 3, 5, -1.</p>
      )}
    </div>
  );
}

function unitOf(place: Clamp["place"]): string {
  return { post: "activation", up: "up projection", written: "length in the residual stream" }[place];
}

function signed(value: number): string {
  return String(Number(value.toPrecision(4))).replace("-", "−");
}
