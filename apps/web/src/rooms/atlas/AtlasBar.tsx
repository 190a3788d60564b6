import type { ModelSummary } from "@patchbay/contract";
import { neuronLabel, parseNeuronLabel } from "@patchbay/vocabulary";
import { pathOfRoute } from "@patchbay/workbench-state";
import type { RefObject } from "react";
import { navigate } from "../../shell/location.ts";
import { formatCount } from "../../shell/ui/format-number.ts";
import { Kbd } from "../../shell/ui/Kbd.tsx";
import { Segmented } from "../../shell/ui/Segmented.tsx";
import type { Query } from "../common/query.ts";
import { type SearchOption, TokenSearch } from "../common/TokenSearch.tsx";
import { tokenSpelling } from "../common/token-spelling.ts";
import styles from "./Atlas.module.css";
import { type AtlasView, SIDE_MEANINGS, SIDES, VARIANT_MEANINGS, VARIANTS } from "./atlas-view.ts";

export interface AtlasBarProps {
  readonly name: string;
  readonly model: ModelSummary | undefined;
  readonly view: AtlasView;
  readonly query: Query;
  readonly searchRef: RefObject<HTMLInputElement | null>;
}

export function AtlasBar({ name, model, view, query, searchRef }: AtlasBarProps) {
  const sides = model?.gated === false ? SIDES.filter((side) => side !== "gate") : SIDES;
  const neuronOption = (typed: string): SearchOption[] => {
    const address = parseNeuronLabel(typed);
    if (address === undefined || model === undefined) return [];
    if (address.layer >= model.layers || address.neuron >= model.neuronsPerLayer) return [];
    const choose = () => navigate(pathOfRoute({ room: "neuron", model: name, ...address }));
    return [
      { key: "neuron", label: <span className="mono">{neuronLabel(address)}</span>, note: "open the neuron", choose },
    ];
  };
  const textOption = (typed: string): SearchOption[] => [
    {
      key: "text",
      label: `Any token with “${typed.trim()}”`,
      note: "search all first tokens",
      choose: () => query.set({ search: typed.trim(), token: undefined }, { push: true }),
    },
  ];
  return (
    <>
      <span className={styles.barModel}>
        <strong>{name}</strong>
        {model !== undefined && (
          <span className="quiet">
            {model.layers} layers · {formatCount(model.layers * model.neuronsPerLayer)} neurons
          </span>
        )}
      </span>
      <div className={styles.search}>
        <TokenSearch
          model={name}
          label="Search neurons by token or label"
          placeholder="A token, or a neuron such as L3N417"
          inputRef={searchRef}
          note={view.side === "write" ? "neurons that write it" : "neurons that read it"}
          onToken={(token) => query.set({ token: tokenSpelling(token), search: undefined }, { push: true })}
          optionsBefore={neuronOption}
          optionsAfter={textOption}
        />
      </div>
      <Kbd keys="/" />
      <span className={styles.spacer} />
      <Segmented
        label="Side"
        value={view.side}
        options={sides.map((side) => ({ value: side, label: side, hint: SIDE_MEANINGS[side] }))}
        onChange={(side) => query.set({ side: side === "write" ? undefined : side, range: undefined })}
      />
      <Segmented
        label="Variant"
        value={view.variant}
        options={VARIANTS.map((variant) => ({ value: variant, label: variant, hint: VARIANT_MEANINGS[variant] }))}
        onChange={(variant) => query.set({ variant: variant === "folded" ? undefined : variant, range: undefined })}
      />
    </>
  );
}
