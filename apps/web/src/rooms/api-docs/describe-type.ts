/** A JSON schema's type in a few words, with its limits. */
import { type JsonSchema, list, record } from "./openapi.ts";

export function describeType(schema: JsonSchema, resolve: (schema: JsonSchema) => JsonSchema, depth = 0): string {
  const known = resolve(schema);
  if (depth > 3) return "…";
  if ("const" in known) return JSON.stringify(known.const);
  const choices = list(known.enum);
  if (choices.length > 0) return choices.map((choice) => JSON.stringify(choice)).join(" | ");
  const branches = branchesOf(known);
  if (branches.length > 0)
    return [...new Set(branches.map((branch) => describeType(branch, resolve, depth + 1)))].join(" | ");
  switch (known.type) {
    case "array":
      return `array of ${describeType(record(known.items), resolve, depth + 1)}`;
    case "integer":
    case "number":
      return [known.type, ...limits(known)].join(" ");
    case "string":
      return typeof known.pattern === "string" ? `string matching ${known.pattern}` : "string";
    case undefined:
      return Object.keys(record(known.properties)).length > 0 ? "object" : "any";
    default:
      return String(known.type);
  }
}

export function branchesOf(schema: JsonSchema): readonly JsonSchema[] {
  return [...list(schema.anyOf), ...list(schema.oneOf)].map(record);
}

/** The limits of a safe integer are not worth saying. */
function limits({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string[] {
  const say = (sign: string, value: unknown) =>
    typeof value === "number" && Math.abs(value) < Number.MAX_SAFE_INTEGER ? [`${sign} ${value}`] : [];
  return [...say("≥", minimum), ...say(">", exclusiveMinimum), ...say("≤", maximum), ...say("<", exclusiveMaximum)];
}
