import type { ModelSummary, NeuronPage } from "@patchbay/contract";
import { Segmented } from "../../shell/ui/Segmented.tsx";
import { TokenChip } from "../../shell/ui/TokenChip.tsx";
import common from "../common/common.module.css";
import type { Query } from "../common/query.ts";
import { TokenSearch } from "../common/TokenSearch.tsx";
import { tokenSpelling } from "../common/token-spelling.ts";
import { ClampPositions } from "./ClampPositions.tsx";
import { ClampValue } from "./ClampValue.tsx";
import { absoluteValue, type Clamp, type NeuronScale, PLACE_MEANINGS, sliderRange, valueInUnit } from "./clamp.ts";
import type { FollowedToken } from "./followed-tokens.ts";
import styles from "./Neuron.module.css";
import { MAXIMUM_TOKENS, type NeuronView, PLACES, writePositions } from "./neuron-view.ts";

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
      <ClampPositions
        positions={clamp.positions}
        onChange={(positions) => query.set({ positions: positions === "all" ? undefined : writePositions(positions) })}
      />
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
  const canMultiply = clamp.place === "post" && scale.maximum !== undefined;
  const other = clamp.unit === "maximum" ? "absolute" : "maximum";
  const note =
    scale.maximum === undefined
      ? "reference maximum not measured"
      : `maximum on reference text ${scale.maximum.toFixed(2)}`;
  return (
    <ClampValue
      value={clamp.value}
      onValue={(next) => query.set({ value: String(next), unit: clamp.unit })}
      range={sliderRange(clamp, scale)}
      quantity={unitOf(clamp.place)}
      note={note}
      multiple={{
        on: clamp.unit === "maximum",
        absolute: (value) => absoluteValue({ ...clamp, value }, scale),
        refusal: canMultiply ? undefined : "Only for the place post, once the maximum is measured",
        onChange: (value) => {
          const absolute = absoluteValue({ ...clamp, value }, scale);
          query.set({ unit: other, value: String(valueInUnit(absolute, { ...clamp, unit: other }, scale)) });
        },
      }}
    />
  );
}

function unitOf(place: Clamp["place"]): string {
  return { post: "activation", up: "up projection", written: "length in the residual stream" }[place];
}
