import { Field } from "../../shell/ui/Field.tsx";
import { useDraft } from "../common/use-draft.ts";

/** A number that takes effect when it has come to rest, and says its range where it is none. */
export function NumberField({
  label,
  hint,
  value,
  low,
  high,
  whole = true,
  width,
  onChange,
}: {
  readonly label: string;
  readonly hint?: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly whole?: boolean;
  /** Of the field, px; default all there is. */
  readonly width?: number;
  onChange(value: number): void;
}) {
  const read = (text: string) => {
    const number = Number(text.replace(",", ".").replace("−", "-"));
    const fits = text.trim() !== "" && number >= low && number <= high && (!whole || Number.isInteger(number));
    return fits ? number : undefined;
  };
  const [draft, setDraft] = useDraft(
    String(value),
    (text) => {
      const number = read(text);
      if (number !== undefined && number !== value) onChange(number);
    },
    350,
  );
  return (
    <Field label={label} hint={hint} error={read(draft) === undefined ? `${low} … ${high}` : undefined}>
      {(props) => (
        <input
          {...props}
          inputMode="decimal"
          style={width === undefined ? undefined : { width }}
          value={draft}
          onChange={(event) => setDraft(event.target.value)}
        />
      )}
    </Field>
  );
}
