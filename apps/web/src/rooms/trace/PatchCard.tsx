import type { ModelSummary } from "@patchbay/contract";
import {
  cableColour,
  ERROR_MODES,
  FEATURE_OPERATIONS,
  isDictionarySite,
  PATCH_OPERATIONS,
  type Patch,
  type PatchOperation,
  type PatchOperationName,
  type PatchPositions,
} from "@patchbay/workbench-state";
import { useEffect, useState } from "react";
import type { ProblemFacts } from "../../shell/ui/ErrorState.tsx";
import { Popover } from "../../shell/ui/Popover.tsx";
import styles from "./Dock.module.css";
import { DoseControl } from "./DoseControl.tsx";
import { FeaturePlaceEditor } from "./FeaturePlaceEditor.tsx";
import { PatchPlaceEditor } from "./PatchPlaceEditor.tsx";
import { changePatch, movePatch, removePatch } from "./patch-actions.ts";
import { patchLabel } from "./patch-label.ts";
import { rowOfSite } from "./patched-cells.ts";
import { useTraceStore } from "./trace-context.tsx";

const OPERATION_NAMES: Readonly<Record<PatchOperationName, string>> = {
  set: "set to",
  add: "add",
  scale: "scale by",
  zero: "zero",
  mean: "mean",
  replace: "from prompt",
  splice: "splice",
  steer: "steer",
  direction: "along",
};

const ERROR_NAMES = { keep: "error kept", drop: "error dropped", freeze: "error frozen" } as const;

/** One patch: its cable, its place, what it does there, how much, where, and its mute. */
export function PatchCard({
  patch,
  model,
  position,
  problem,
  first,
  last,
}: {
  readonly patch: Patch;
  readonly model: ModelSummary;
  readonly position: number;
  readonly problem: ProblemFacts | undefined;
  readonly first: boolean;
  readonly last: boolean;
}) {
  const store = useTraceStore();
  const { cable, site, operation, positions, muted } = patch;
  const operations = isDictionarySite(site)
    ? FEATURE_OPERATIONS
    : operation.op === "steer" || operation.op === "direction"
      ? [...PATCH_OPERATIONS, operation.op]
      : PATCH_OPERATIONS;
  const label = patchLabel(patch);
  const change = (next: Partial<Patch>, step = true) => changePatch(store, cable, next, step);
  return (
    <article
      className={styles.card}
      data-muted={muted}
      aria-label={`Patch ${label}`}
      style={{ "--cable": `var(--cable-${cableColour(cable)})` } as React.CSSProperties}
    >
      <i className={styles.plug} data-plug={cable} data-row={rowOfSite(patch.site, model.layers + 1)} />
      <div className={styles.cardLine}>
        <Popover
          label="Place of the patch"
          side="top"
          trigger={(trigger) => (
            <button type="button" className={styles.place} title={`${label}: change the place`} {...trigger}>
              {label}
            </button>
          )}
        >
          {(close) =>
            isDictionarySite(site) ? (
              <FeaturePlaceEditor patch={patch} site={site} model={model} onChange={change} close={close} />
            ) : (
              <PatchPlaceEditor patch={patch} site={site} model={model} onChange={change} close={close} />
            )
          }
        </Popover>
        <select
          aria-label="Operation"
          value={operation.op}
          onChange={(event) => change(operationChange(event.target.value, patch))}
        >
          {operations.map((op) => (
            <option key={op} value={op}>
              {OPERATION_NAMES[op]}
            </option>
          ))}
        </select>
        <PositionsSelect positions={positions} position={position} onChange={(next) => change({ positions: next })} />
        <span className={styles.cardActions}>
          {!first && (
            <button
              type="button"
              title="Earlier"
              aria-label={`Move ${label} earlier`}
              onClick={() => movePatch(store, cable, -1)}
            >
              ↑
            </button>
          )}
          {!last && (
            <button
              type="button"
              title="Later"
              aria-label={`Move ${label} later`}
              onClick={() => movePatch(store, cable, 1)}
            >
              ↓
            </button>
          )}
          <button
            type="button"
            aria-pressed={muted}
            title={muted ? "Unmute" : "Mute"}
            onClick={() => change({ muted: !muted })}
          >
            {muted ? "muted" : "mute"}
          </button>
          <button type="button" title="Remove" aria-label={`Remove ${label}`} onClick={() => removePatch(store, cable)}>
            ×
          </button>
        </span>
      </div>
      {"value" in operation && (
        <DoseControl
          operation={operation}
          label={label}
          onChange={(value) => change({ operation: { ...operation, value } }, false)}
        />
      )}
      {isDictionarySite(site) && (
        <p className={styles.cardNote}>
          <select
            aria-label="Error term"
            title="What the dictionary does not explain of the value here"
            value={site.error}
            onChange={({ target: { value } }) =>
              change({ site: { ...site, error: ERROR_MODES.find((mode) => mode === value) ?? "keep" } })
            }
          >
            {ERROR_MODES.map((mode) => (
              <option key={mode} value={mode}>
                {ERROR_NAMES[mode]}
              </option>
            ))}
          </select>
        </p>
      )}
      {operation.op === "steer" && (
        <p className={styles.cardNote}>
          <span className="mono">
            {operation.dictionary} F{operation.feature}
          </span>
          , its decoder vector
        </p>
      )}
      {operation.op === "direction" && <p className={styles.cardNote}>{operation.name}, its unit vector</p>}
      {operation.op === "replace" && (
        <SourcePrompt text={operation.text} onChange={(text) => change({ operation: { op: "replace", text } })} />
      )}
      {problem !== undefined && (
        <p className={styles.cardProblem} role="alert">
          {problem.detail}
        </p>
      )}
    </article>
  );
}

/** Splicing takes the whole dictionary, and without its error: anything else would change nothing. */
function operationChange(name: string, { operation, site, units }: Patch): Partial<Patch> {
  const next = operationOf(name, operation);
  if (next.op !== "splice" || !isDictionarySite(site)) return { operation: next, units };
  return { operation: next, units: undefined, site: { ...site, error: site.error === "keep" ? "drop" : site.error } };
}

/** A change of operation keeps the number where both have one. */
function operationOf(name: string, before: PatchOperation): PatchOperation {
  const value = "value" in before ? before.value : undefined;
  switch (PATCH_OPERATIONS.find((op) => op === name)) {
    case "set":
      return { op: "set", value: value ?? 0, unit: "absolute" };
    case "add":
      return { op: "add", value: value ?? 1 };
    case "scale":
      return { op: "scale", value: value ?? 0.5 };
    case "mean":
      return { op: "mean" };
    case "splice":
      return { op: "splice" };
    case "steer":
    case "direction":
      return before;
    case "replace":
      return { op: "replace", text: "" };
    default:
      return { op: "zero" };
  }
}

function PositionsSelect({
  positions,
  position,
  onChange,
}: {
  readonly positions: PatchPositions;
  readonly position: number;
  onChange(positions: PatchPositions): void;
}) {
  const listed = typeof positions === "string" ? undefined : positions.join(",");
  return (
    <select
      aria-label="Positions"
      value={listed ?? (positions as string)}
      onChange={({ target: { value } }) => {
        if (value === "all" || value === "last" || value === "generated") onChange(value);
        else onChange(value === "here" ? [position] : value.split(",").map(Number));
      }}
    >
      <option value="all">all positions</option>
      <option value="last">last position</option>
      <option value="generated">generated only</option>
      {listed !== undefined && <option value={listed}>position {listed}</option>}
      {listed !== String(position) && <option value="here">position {position}</option>}
    </select>
  );
}

/** The prompt whose values are taken. It runs when it is left or confirmed, not on every letter. */
function SourcePrompt({ text, onChange }: { readonly text: string; onChange(text: string): void }) {
  const [draft, setDraft] = useState(text);
  useEffect(() => setDraft(text), [text]);
  return (
    <input
      className={styles.sourcePrompt}
      aria-label="Prompt whose values are taken"
      placeholder="The other prompt, then Enter…"
      value={draft}
      onChange={(event) => setDraft(event.target.value)}
      onBlur={() => draft !== text && onChange(draft)}
      onKeyDown={(event) => event.key === "Enter" && onChange(draft)}
    />
  );
}
