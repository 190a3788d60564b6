import type { PatchOperation } from "@patchbay/workbench-state";
import { useEffect, useRef, useState } from "react";
import styles from "./Dock.module.css";

type Dose = Extract<PatchOperation, { readonly value: number }>;

/** How much: a slider about zero and an exact number. The slider's ends hold while it is dragged, and grow after. */
export function DoseControl({
  operation,
  label,
  onChange,
}: {
  readonly operation: Dose;
  readonly label: string;
  onChange(value: number): void;
}) {
  const { op, value } = operation;
  const inMultiples = "unit" in operation && operation.unit === "maximum";
  const dragging = useRef(false);
  const [ends, setEnds] = useState(() => doseRange(op, value, inMultiples));
  const [draft, setDraft] = useState<string | undefined>(undefined);
  useEffect(() => {
    if (!dragging.current) setEnds(doseRange(op, value, inMultiples));
  }, [op, value, inMultiples]);
  const [low, high] = ends;
  const zero = ((0 - low) / (high - low)) * 100;
  const at = Math.max(0, Math.min(100, ((value - low) / (high - low)) * 100));
  const unit = inMultiples ? "× max" : op === "scale" ? "×" : op === "steer" ? "× decoder" : "";
  return (
    <div className={styles.dose}>
      <span
        className={styles.doseTrack}
        style={
          {
            "--from": `${Math.min(zero, at)}%`,
            "--length": `${Math.abs(at - zero)}%`,
            "--zero": `${zero}%`,
          } as React.CSSProperties
        }
      >
        <input
          type="range"
          min={low}
          max={high}
          step={(high - low) / 200}
          value={value}
          aria-label={`Dose of ${label}`}
          onPointerDown={() => {
            dragging.current = true;
          }}
          onPointerUp={() => {
            dragging.current = false;
            setEnds(doseRange(op, value, inMultiples));
          }}
          onChange={(event) => onChange(Number(Number(event.target.value).toFixed(3)))}
        />
      </span>
      <input
        type="text"
        inputMode="decimal"
        aria-label={`Value of ${label}`}
        value={draft ?? String(value).replace("-", "−")}
        onChange={(event) => {
          setDraft(event.target.value);
          const number = Number(event.target.value.replace("−", "-"));
          if (event.target.value.trim() !== "" && Number.isFinite(number)) onChange(number);
        }}
        onBlur={() => setDraft(undefined)}
      />
      {unit !== "" && <span className="quiet">{unit}</span>}
    </div>
  );
}

/** Symmetric about zero, wide enough for the value with room to go on; scaling has its own range. */
function doseRange(op: Dose["op"], value: number, inMultiples: boolean): readonly [number, number] {
  const least = op === "scale" ? 2 : inMultiples ? 4 : 10;
  const size = Math.max(least, 2 ** Math.ceil(Math.log2(Math.max(1e-9, Math.abs(value) * 1.25))));
  return [-size, size];
}
