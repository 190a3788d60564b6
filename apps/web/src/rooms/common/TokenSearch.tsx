/** A field for a token of the vocabulary: what is typed is looked up as it is typed, with a leading space meant as one. */
import { type KeyboardEvent, type ReactNode, type Ref, useId, useState } from "react";
import { api } from "../../shell/api.ts";
import { useResource } from "../../shell/resource.ts";
import { useTokenPieces } from "../../shell/token-pieces.ts";
import { visibleToken } from "../../shell/ui/token-text.ts";
import styles from "./common.module.css";

export interface FoundToken {
  readonly id: number;
  readonly text: string;
  readonly special?: boolean | undefined;
}

/** Something else that the typed text may mean, such as a neuron's label. */
export interface SearchOption {
  readonly key: string;
  readonly label: ReactNode;
  readonly note: string;
  choose(): void;
}

export interface TokenSearchProps {
  readonly model: string;
  readonly label: string;
  readonly placeholder: string;
  readonly inputRef?: Ref<HTMLInputElement>;
  readonly note: string;
  onToken(token: FoundToken): void;
  /** Offered before the tokens. */
  optionsBefore?(typed: string): readonly SearchOption[];
  /** Offered after the tokens. */
  optionsAfter?(typed: string): readonly SearchOption[];
}

const OFFERED = 14;

export function TokenSearch(props: TokenSearchProps) {
  const { model, label, placeholder, note, onToken, optionsBefore, optionsAfter } = props;
  const id = useId();
  const [typed, setTyped] = useState("");
  const [open, setOpen] = useState(false);
  const [current, setCurrent] = useState(0);
  const key = typed === "" ? undefined : `vocabulary:${model}:${typed}`;
  const { state } = useResource(
    key,
    (signal) => api.searchVocabulary({ params: { model }, query: { query: typed, limit: OFFERED }, signal }),
    { delay: 70 },
  );
  const tokens = typed === "" ? [] : (state.value?.tokens ?? []);
  const pieces = useTokenPieces(model, typed, state.status === "ready" ? state.value.tokens : undefined);
  const options: SearchOption[] =
    typed === ""
      ? []
      : [
          ...(optionsBefore?.(typed) ?? []),
          ...tokens.map((token) => ({
            key: `token-${token.id}`,
            label: <span className="mono">{visibleToken(token.text, token.special)}</span>,
            note: `${note} · token ${token.id}`,
            choose: () => onToken(token),
          })),
          ...(pieces ?? []).map((token) => ({
            key: `piece-${token.id}`,
            label: <span className="mono">{visibleToken(token.text)}</span>,
            note: `a piece of “${typed.trim()}” · ${note}`,
            choose: () => onToken(token),
          })),
          ...(optionsAfter?.(typed) ?? []),
        ];
  const shown = open && typed !== "";
  const marked = Math.min(current, Math.max(0, options.length - 1));

  const choose = (option: SearchOption | undefined) => {
    if (option === undefined) return;
    option.choose();
    setTyped("");
    setOpen(false);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setCurrent(Math.min(options.length - 1, marked + 1));
    else if (event.key === "ArrowUp") setCurrent(Math.max(0, marked - 1));
    else if (event.key === "Enter" && shown) choose(options[marked]);
    else if (event.key === "Escape" && shown) setOpen(false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div className={styles.tokenInput}>
      <input
        ref={props.inputRef}
        type="text"
        role="combobox"
        aria-label={label}
        aria-expanded={shown}
        aria-controls={id}
        aria-autocomplete="list"
        aria-activedescendant={shown && options.length > 0 ? `${id}-${marked}` : undefined}
        autoComplete="off"
        spellCheck={false}
        placeholder={placeholder}
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setCurrent(0);
          setOpen(true);
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={onKeyDown}
      />
      {shown && (
        <div id={id} role="listbox" aria-label={`${label}: found`} className={styles.options}>
          {options.map((option, index) => (
            // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus
            <div
              key={option.key}
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === marked}
              onMouseMove={() => setCurrent(index)}
              // Before the field loses the focus and the list with it.
              onMouseDown={(event) => {
                event.preventDefault();
                choose(option);
              }}
            >
              {option.label}
              <small>{option.note}</small>
            </div>
          ))}
          {options.length === 0 && (
            <div role="status">
              <small>
                {state.status === "failed"
                  ? state.problem.detail
                  : state.status === "ready"
                    ? "No token contains this."
                    : "Searching …"}
              </small>
            </div>
          )}
        </div>
      )}
    </div>
  );
}
