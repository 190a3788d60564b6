import { useState } from "react";
import styles from "./ApiDocs.module.css";
import { branchesOf, describeType } from "./describe-type.ts";
import { type JsonSchema, list, record } from "./openapi.ts";

interface SchemaProps {
  readonly schema: JsonSchema;
  readonly resolve: (schema: JsonSchema) => JsonSchema;
}

/** The fields of a schema; a field with fields of its own opens on demand. */
export function SchemaView({ schema, resolve }: SchemaProps) {
  const holders = fieldHolders(schema, resolve);
  if (holders.length === 0) return <code className={styles.type}>{describeType(schema, resolve)}</code>;
  return (
    <div className={styles.schema}>
      {holders.map((holder, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a schema does not change while it is shown
        <div key={i}>
          {holders.length > 1 && <p className={styles.alternative}>{i === 0 ? "one of these forms" : "or"}</p>}
          <Fields schema={holder} resolve={resolve} />
        </div>
      ))}
    </div>
  );
}

function Fields({ schema, resolve }: SchemaProps) {
  const required = new Set(list(schema.required));
  return (
    <ul className={styles.fields}>
      {Object.entries(record(schema.properties)).map(([name, field]) => (
        <Field key={name} name={name} field={record(field)} required={required.has(name)} resolve={resolve} />
      ))}
    </ul>
  );
}

interface FieldProps {
  readonly name: string;
  readonly field: JsonSchema;
  readonly required: boolean;
  readonly resolve: SchemaProps["resolve"];
}

function Field({ name, field, required, resolve }: FieldProps) {
  const [open, setOpen] = useState(false);
  const nested = fieldHolders(field, resolve).length > 0;
  const description = field.description ?? resolve(field).description;
  return (
    <li>
      <span className={styles.fieldLine}>
        {nested ? (
          <button type="button" aria-expanded={open} onClick={() => setOpen(!open)} className={styles.opener}>
            {open ? "−" : "+"}
          </button>
        ) : (
          <span className={styles.opener} aria-hidden="true" />
        )}
        <code className={styles.fieldName}>{name}</code>
        {!required && <span className="quiet">optional</span>}
        <code className={styles.type}>{describeType(field, resolve)}</code>
      </span>
      {typeof description === "string" && <p className={styles.fieldNote}>{description}</p>}
      {open && <SchemaView schema={field} resolve={resolve} />}
    </li>
  );
}

/** The object schemas inside a schema: itself, its alternatives, or what its array holds. */
function fieldHolders(schema: JsonSchema, resolve: SchemaProps["resolve"], depth = 0): JsonSchema[] {
  const known = resolve(schema);
  if (depth > 3) return [];
  if (Object.keys(record(known.properties)).length > 0) return [known];
  const inner = known.type === "array" ? [record(known.items)] : branchesOf(known);
  return inner.flatMap((branch) => fieldHolders(branch, resolve, depth + 1));
}
