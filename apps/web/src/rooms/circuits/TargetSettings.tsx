/** What counts as the answer, and how much of the graph is made. Folded away: the defaults are the papers'. */
import type { GraphTarget, ModelSummary, TokenReference } from "@patchbay/contract";
import { FIRST_CIRCUITS_VIEW, NO_ANNOTATIONS } from "@patchbay/workbench-state";
import { useEffect, useState } from "react";
import { Button } from "../../shell/ui/Button.tsx";
import { Field } from "../../shell/ui/Field.tsx";
import { Popover } from "../../shell/ui/Popover.tsx";
import { Segmented } from "../../shell/ui/Segmented.tsx";
import { visibleToken } from "../../shell/ui/token-text.ts";
import { TokenSearch } from "../common/TokenSearch.tsx";
import { useDraft } from "../common/use-draft.ts";
import { useDictionaries } from "../dictionaries/use-dictionaries.ts";
import styles from "./Circuits.module.css";
import { useCircuitsStore, useCircuitsView } from "./circuits-context.tsx";
import parts from "./Parts.module.css";
import { transcoderSets } from "./transcoder-sets.ts";

export function TargetSettings({ model }: { readonly model: ModelSummary }) {
  const { target } = useCircuitsView();
  return (
    <Popover
      label="Target and settings"
      align="end"
      trigger={(trigger) => (
        <Button className={styles.targetButton ?? ""} title="What counts as the answer, and settings" {...trigger}>
          <span className="quiet">target</span> <span className="mono">{targetText(target)}</span>
        </Button>
      )}
    >
      {() => <Settings model={model} />}
    </Popover>
  );
}

export function targetText(target: GraphTarget | undefined): string {
  if (target === undefined) return "top logits";
  if (target.kind === "logits") return `top ${target.count ?? 10} logits, p ${target.probability ?? 0.95}`;
  if (target.kind === "tokens") return target.tokens.map(tokenText).join(", ");
  return `${tokenText(target.token)} − ${tokenText(target.minus)}`;
}

function tokenText(token: TokenReference): string {
  return typeof token === "number" ? `#${token}` : visibleToken(token);
}

function Settings({ model }: { readonly model: ModelSummary }) {
  const store = useCircuitsStore();
  const view = useCircuitsView();
  const { target } = view;
  const sets = transcoderSets(useDictionaries(model).state.value?.dictionaries ?? []);
  // Another question: what was put on the graph before speaks of nodes that may be gone.
  const ask = (change: Parameters<typeof store.update>[0]) =>
    store.update(
      {
        ...change,
        graph: undefined,
        chosen: [],
        annotations: { ...NO_ANNOTATIONS, thresholds: view.annotations.thresholds },
      },
      { step: true },
    );
  // "tokens" and "difference" are asked only once their tokens are named.
  const [kind, setKind] = useState(target?.kind ?? "logits");
  // biome-ignore lint/correctness/useExhaustiveDependencies: back and forward bring another target
  useEffect(() => setKind(target?.kind ?? "logits"), [JSON.stringify(target)]);
  const tokens = target?.kind === "tokens" ? target.tokens : target?.kind === "difference" ? [target.token] : [];
  const add = (token: TokenReference) => {
    if (target?.kind === "difference") ask({ target: { ...target, token } });
    else if (kind === "difference") ask({ target: { kind: "tokens", tokens: [token] } });
    else ask({ target: { kind: "tokens", tokens: [...tokens.filter((other) => other !== token), token] } });
  };
  const remove = (token: TokenReference) => {
    const rest = tokens.filter((other) => other !== token);
    ask({ target: rest.length === 0 ? undefined : { kind: "tokens", tokens: rest } });
  };
  return (
    <div className={parts.settings}>
      <Segmented
        label="Target"
        value={kind}
        options={[
          { value: "logits", label: "top logits", hint: "The most probable tokens" },
          { value: "tokens", label: "tokens", hint: "Tokens that you name" },
          {
            value: "difference",
            label: "difference",
            hint: "logit(token) − logit(another)",
          },
        ]}
        onChange={(next) => {
          setKind(next);
          if (next === "logits" && target !== undefined) ask({ target: undefined });
          else if (next === "tokens" && tokens.length > 0) ask({ target: { kind: "tokens", tokens: [...tokens] } });
        }}
      />
      {kind === "logits" && (
        <p className="quiet">
          The most probable next tokens until their probabilities reach 0.95, at most 10. Each logit is demeaned over
          the vocabulary.
        </p>
      )}
      {kind !== "logits" && (
        <div className={parts.targetTokens}>
          {tokens.map((token) => (
            <Button key={token} onClick={() => remove(token)} aria-label={`Remove ${tokenText(token)}`}>
              <span className="mono">{tokenText(token)}</span> {kind === "tokens" && "×"}
            </Button>
          ))}
          {target?.kind === "difference" && (
            <span>
              minus <span className="mono">{tokenText(target.minus)}</span>
            </span>
          )}
        </div>
      )}
      {kind !== "logits" && (
        <TokenSearch
          model={model.name}
          label={kind === "tokens" ? "Add a token" : "Token"}
          placeholder={kind === "tokens" ? "Add a token, such as  L" : "Token"}
          note="target"
          onToken={({ id, text, special }) => add(special === true ? id : text)}
        />
      )}
      {kind === "difference" && tokens[0] !== undefined && (
        <TokenSearch
          model={model.name}
          label="Minus the token"
          placeholder="Minus the token …"
          note="minus"
          onToken={({ id, text, special }) =>
            ask({ target: { kind: "difference", token: tokens[0] ?? id, minus: special === true ? id : text } })
          }
        />
      )}
      <hr />
      {sets.length > 1 && (
        <Field label="Transcoders" hint="What reads and rewrites each MLP">
          {(props) => (
            <select
              {...props}
              value={view.dictionaries ?? ""}
              onChange={(event) => ask({ dictionaries: event.target.value === "" ? undefined : event.target.value })}
            >
              <option value="">the model’s own</option>
              {sets.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          )}
        </Field>
      )}
      <div className={parts.settingsGrid}>
        <NumberField
          label="Features at most"
          hint="by influence; the rest counts as left out"
          value={view.features ?? 7500}
          low={1}
          high={100_000}
          whole
          onChange={(features) => ask({ features })}
        />
        <NumberField
          label="Nodes the server keeps"
          hint="share of influence"
          value={view.keep.nodes}
          low={0}
          high={1}
          onChange={(nodes) => ask({ keep: { ...view.keep, nodes } })}
        />
        <NumberField
          label="Edges the server keeps"
          hint="share of what is left"
          value={view.keep.edges}
          low={0}
          high={1}
          onChange={(edges) => ask({ keep: { ...view.keep, edges } })}
        />
      </div>
      <Button
        kind="bare"
        onClick={() =>
          ask({ target: undefined, features: undefined, keep: FIRST_CIRCUITS_VIEW.keep, dictionaries: undefined })
        }
      >
        Back to the defaults
      </Button>
    </div>
  );
}

function NumberField({
  label,
  hint,
  value,
  low,
  high,
  whole = false,
  onChange,
}: {
  readonly label: string;
  readonly hint: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly whole?: boolean;
  onChange(value: number): void;
}) {
  const read = (text: string) => {
    const number = Number(text.replace(",", "."));
    return text.trim() !== "" && number >= low && number <= high && (!whole || Number.isInteger(number))
      ? number
      : undefined;
  };
  const [draft, setDraft] = useDraft(
    String(value),
    (text) => {
      const number = read(text);
      if (number !== undefined && number !== value) onChange(number);
    },
    600,
  );
  return (
    <Field label={label} hint={hint} error={read(draft) === undefined ? `${low} … ${high}` : undefined}>
      {(props) => (
        <input {...props} inputMode="decimal" value={draft} onChange={(event) => setDraft(event.target.value)} />
      )}
    </Field>
  );
}
