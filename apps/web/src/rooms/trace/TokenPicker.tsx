import type { ModelSummary } from "@patchbay/contract";
import { useState } from "react";
import { api } from "../../shell/api.ts";
import { useResource } from "../../shell/resource.ts";
import { useTokenPieces } from "../../shell/token-pieces.ts";
import { Popover } from "../../shell/ui/Popover.tsx";
import { TokenChip } from "../../shell/ui/TokenChip.tsx";
import styles from "./Side.module.css";

/** Chooses one token of the vocabulary by a part of its text. */
export function TokenPicker({
  model,
  label,
  value,
  onPick,
  clearLabel,
}: {
  readonly model: ModelSummary;
  readonly label: string;
  readonly value: string | number | undefined;
  /** The id, which is exact for every token; undefined takes the choice back. */
  onPick(token: string | number | undefined): void;
  readonly clearLabel: string;
}) {
  return (
    <Popover
      label={label}
      align="end"
      trigger={(trigger) => (
        <button type="button" className={styles.quietLink} {...trigger}>
          {label}
        </button>
      )}
    >
      {(close) => (
        <TokenSearch
          model={model}
          onPick={(token) => {
            onPick(token);
            close();
          }}
          clearLabel={value === undefined ? undefined : clearLabel}
        />
      )}
    </Popover>
  );
}

function TokenSearch({
  model,
  onPick,
  clearLabel,
}: {
  readonly model: ModelSummary;
  onPick(token: string | number | undefined): void;
  readonly clearLabel: string | undefined;
}) {
  const [query, setQuery] = useState("");
  const { state } = useResource(
    query === "" ? undefined : `vocabulary ${model.name} ${query}`,
    (signal) => api.searchVocabulary({ params: { model: model.name }, query: { query, limit: 40 }, signal }),
    { delay: 100 },
  );
  const tokens = state.value?.tokens ?? [];
  const pieces = useTokenPieces(model.name, query, state.status === "ready" ? state.value.tokens : undefined) ?? [];
  const first = tokens[0] ?? pieces[0];
  const pick = (token: (typeof tokens)[number]) =>
    onPick(token.special === true || !isReadable(token.text) ? token.id : token.text);
  return (
    <div className={styles.tokenSearch}>
      <input
        className="mono"
        aria-label="Part of the token's text"
        placeholder="Part of a token…"
        value={query}
        onChange={(event) => setQuery(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && first !== undefined) pick(first);
        }}
      />
      <div className={styles.tokenResults}>
        {tokens.map((token) => (
          <button key={token.id} type="button" onClick={() => pick(token)} title={`token ${token.id}`}>
            <TokenChip text={token.text} special={token.special === true} />
          </button>
        ))}
        {pieces.length > 0 && <p className="quiet">No single token; it is made of</p>}
        {pieces.map((token) => (
          <button key={`piece-${token.id}`} type="button" onClick={() => pick(token)} title={`token ${token.id}`}>
            <TokenChip text={token.text} />
          </button>
        ))}
        {state.status === "ready" && tokens.length + pieces.length === 0 && (
          <p className="quiet">No token contains this text.</p>
        )}
        {state.status === "failed" && <p role="alert">{state.problem.detail}</p>}
      </div>
      {clearLabel !== undefined && (
        <button type="button" className={styles.quietLink} onClick={() => onPick(undefined)}>
          {clearLabel}
        </button>
      )}
    </div>
  );
}

/** A text that names its token alone and can be read in an address; others go by their id. */
function isReadable(text: string): boolean {
  return /[\p{L}\p{N}\p{P}\p{S}]/u.test(text) && !/\p{Cc}|\ufffd/u.test(text);
}
