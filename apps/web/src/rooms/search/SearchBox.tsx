import type { ModelSummary } from "@patchbay/contract";
import type { Ref } from "react";
import { Segmented } from "../../shell/ui/Segmented.tsx";
import { TokenChip } from "../../shell/ui/TokenChip.tsx";
import type { Query } from "../common/query.ts";
import { TokenSearch } from "../common/TokenSearch.tsx";
import { tokenSpelling } from "../common/token-spelling.ts";
import { useDraft } from "../common/use-draft.ts";
import styles from "./Search.module.css";
import { isTokenMode, type SearchMode, type SearchView } from "./search-view.ts";

const MODES: readonly { readonly value: SearchMode; readonly label: string; readonly hint: string }[] = [
  { value: "statistics", label: "all units", hint: "By density, maximum and mean" },
  { value: "reads", label: "reads", hint: "A token among the first that the unit reads: by its weights" },
  { value: "writes", label: "writes", hint: "A token among the first that the unit promotes: by its weights" },
  { value: "fires", label: "fires on", hint: "A token among those on which the unit is strongest: in the corpus" },
  { value: "text", label: "text", hint: "What fires on a text of yours more than elsewhere" },
  { value: "label", label: "label", hint: "Part of a label" },
];

const PLACEHOLDERS: Readonly<Record<SearchMode, string>> = {
  statistics: "",
  reads: "A token that is read, such as  Lily",
  writes: "A token that is written, such as  Lily",
  fires: "A token that it fires on, such as  Lily",
  text: "A text: which units fire here more than elsewhere?",
  label: "Part of a label",
};

/** One box; what it means is chosen beside it. */
export function SearchBox({
  view,
  query,
  model,
  inputRef,
}: {
  readonly view: SearchView;
  readonly query: Query;
  readonly model: ModelSummary | undefined;
  readonly inputRef: Ref<HTMLInputElement>;
}) {
  const { mode, token } = view;
  return (
    <>
      <h1 className={styles.title}>Search</h1>
      <Segmented
        label="Search by"
        value={mode}
        options={MODES}
        onChange={(next) =>
          query.set({ mode: next === "statistics" ? undefined : next, sort: undefined, order: undefined })
        }
      />
      <div className={styles.box}>
        {isTokenMode(mode) && model !== undefined && (
          <>
            {token !== undefined && (
              <button
                type="button"
                className={styles.chosen}
                aria-label={`Remove the token ${token}`}
                onClick={() => query.set({ token: undefined })}
              >
                <TokenChip text={token} tone="heat" /> ×
              </button>
            )}
            <TokenSearch
              model={model.name}
              label="Token"
              placeholder={PLACEHOLDERS[mode]}
              inputRef={inputRef}
              note={mode === "fires" ? "fires on it" : mode}
              onToken={(found) => query.set({ token: tokenSpelling(found) }, { push: true })}
            />
          </>
        )}
        {(mode === "text" || mode === "label") && (
          <TextField
            key={mode}
            name={mode}
            value={view[mode] ?? ""}
            placeholder={PLACEHOLDERS[mode]}
            inputRef={inputRef}
            onChange={(value) => query.set({ [mode]: value })}
          />
        )}
      </div>
    </>
  );
}

function TextField({
  name,
  value,
  placeholder,
  inputRef,
  onChange,
}: {
  readonly name: string;
  readonly value: string;
  readonly placeholder: string;
  readonly inputRef: Ref<HTMLInputElement>;
  onChange(value: string): void;
}) {
  const [draft, setDraft] = useDraft(value, onChange, 350);
  return (
    <input
      ref={inputRef}
      className={name === "text" ? "mono" : undefined}
      aria-label={name === "text" ? "Text" : "Label"}
      placeholder={placeholder}
      spellCheck={false}
      value={draft}
      onChange={(event) => setDraft(event.target.value)}
      onKeyDown={(event) => event.key === "Enter" && onChange(draft)}
    />
  );
}
