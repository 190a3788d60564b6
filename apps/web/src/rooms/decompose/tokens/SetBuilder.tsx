import type { ModelSummary, Token } from "@patchbay/contract";
import { useState } from "react";
import { Button } from "../../../shell/ui/Button.tsx";
import { visibleToken } from "../../../shell/ui/token-text.ts";
import styles from "../Decompose.module.css";
import { headName, mlpName } from "../parts-text.ts";
import type { SetDraft } from "./tokens-view.ts";

/** Sets of heads, MLPs and tokens, clicked together. The chosen set is the one that a click changes. */
export function SetBuilder({
  model,
  tokens,
  sets,
  onChange,
}: {
  readonly model: ModelSummary;
  /** Of the prompt; undefined until it has been decomposed once. */
  readonly tokens: readonly Token[] | undefined;
  readonly sets: readonly SetDraft[];
  onChange(sets: readonly SetDraft[]): void;
}) {
  const [wanted, setWanted] = useState(0);
  const current = Math.min(wanted, Math.max(0, sets.length - 1));
  const chosen = sets[current];
  const layers = Array.from({ length: model.layers }, (_, layer) => model.layers - 1 - layer);
  const heads = Array.from({ length: model.heads }, (_, head) => head);
  const change = (next: Partial<SetDraft>) => {
    if (chosen === undefined) onChange([{ name: "set 1", heads: [], mlps: [], tokens: [], ...next }]);
    else onChange(sets.map((set, i) => (i === current ? { ...set, ...next } : set)));
  };
  const toggled = <Item,>(items: readonly Item[], item: Item, same: (a: Item, b: Item) => boolean) =>
    items.some((each) => same(each, item)) ? items.filter((each) => !same(each, item)) : [...items, item];
  const hasHead = (layer: number, head: number) => chosen?.heads.some(([l, h]) => l === layer && h === head) ?? false;
  return (
    <div className={styles.sets}>
      <h2 className="section-title">
        <span>Sets</span>
        <Button
          kind="bare"
          onClick={() => {
            const used = new Set(sets.map(({ name }) => name));
            let number = sets.length + 1;
            while (used.has(`set ${number}`)) number += 1;
            onChange([...sets, { name: `set ${number}`, heads: [], mlps: [], tokens: [] }]);
            setWanted(sets.length);
          }}
        >
          Add a set
        </Button>
      </h2>
      {sets.map((set, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: sets have no other identity than their place
        <div key={i} className={styles.setRow} data-on={i === current}>
          <button type="button" aria-pressed={i === current} onClick={() => setWanted(i)}>
            {set.name} <span className="quiet">{contentOf(set)}</span>
          </button>
          <Button
            kind="bare"
            aria-label={`Remove ${set.name}`}
            onClick={() => onChange(sets.filter((_, at) => at !== i))}
          >
            ×
          </Button>
        </div>
      ))}
      {chosen !== undefined && (
        <label>
          <span className="quiet">name </span>
          <input
            className={styles.inline}
            value={chosen.name}
            maxLength={120}
            onChange={(event) =>
              change({ name: event.target.value === "" ? `set ${current + 1}` : event.target.value })
            }
          />
        </label>
      )}
      <table className={styles.heads} aria-label="Heads and MLPs">
        <tbody>
          {layers.map((layer) => (
            <tr key={layer}>
              <th scope="row">L{layer}</th>
              {heads.map((head) => (
                <td key={head}>
                  <button
                    type="button"
                    aria-pressed={hasHead(layer, head)}
                    aria-label={headName(layer, head)}
                    title={headName(layer, head)}
                    onClick={() =>
                      change({
                        heads: toggled<readonly [number, number]>(
                          chosen?.heads ?? [],
                          [layer, head],
                          (a, b) => a[0] === b[0] && a[1] === b[1],
                        ),
                      })
                    }
                  >
                    {head}
                  </button>
                </td>
              ))}
              <td>
                <button
                  type="button"
                  aria-pressed={chosen?.mlps.includes(layer) ?? false}
                  aria-label={mlpName(layer)}
                  onClick={() => change({ mlps: toggled(chosen?.mlps ?? [], layer, (a, b) => a === b) })}
                >
                  mlp
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {tokens === undefined ? (
        <p className="quiet">Decompose once to choose tokens too.</p>
      ) : (
        // biome-ignore lint/a11y/useSemanticElements: a fieldset brings a form's look
        <div className={styles.tokenButtons} role="group" aria-label="Tokens">
          {tokens.map((token, position) => (
            <button
              // biome-ignore lint/suspicious/noArrayIndexKey: a token is its position
              key={position}
              type="button"
              aria-pressed={chosen?.tokens.includes(position) ?? false}
              title={`position ${position}: its embedding`}
              onClick={() => change({ tokens: toggled(chosen?.tokens ?? [], position, (a, b) => a === b) })}
            >
              {visibleToken(token.text, token.special)}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

export function contentOf({ heads, mlps, tokens }: SetDraft): string {
  const parts = [
    ...heads.map(([layer, head]) => headName(layer, head)),
    ...mlps.map(mlpName),
    ...tokens.map((position) => `token ${position}`),
  ];
  return parts.length === 0 ? "empty: click below" : parts.join(" ");
}
