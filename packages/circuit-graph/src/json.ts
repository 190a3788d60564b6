/** Looking at JSON whose shape nobody promised. */
import type { JsonObject, JsonValue } from "./circuit-graph.ts";

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An own member: `constructor` of an empty object is not one. */
export function member(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

export function objectMember(object: JsonObject | null, name: string): JsonObject | null {
  const value = object === null ? undefined : member(object, name);
  return isJsonObject(value) ? value : null;
}

export function textMember(object: JsonObject | null, name: string): string | null {
  const value = object === null ? undefined : member(object, name);
  return typeof value === "string" ? value : null;
}

/** Null for what is no finite number. */
export function numberMember(object: JsonObject | null, name: string): number | null {
  const value = object === null ? undefined : member(object, name);
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

export function listMember(object: JsonObject | null, name: string): readonly JsonValue[] | null {
  const value = object === null ? undefined : member(object, name);
  return Array.isArray(value) ? value : null;
}

/** Same JSON, whatever the order of members. */
export function sameJson(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((value, index) => sameJson(value, b[index]));
  }
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => Object.hasOwn(b, name) && sameJson(a[name], b[name]));
}

/** Without the members that are undefined. `Object.fromEntries` because a file may name a member `__proto__`. */
export function jsonObject(entries: Iterable<readonly [string, JsonValue | undefined]>): JsonObject {
  const kept: [string, JsonValue][] = [];
  for (const [name, value] of entries) if (value !== undefined) kept.push([name, value]);
  return Object.fromEntries(kept);
}

/** What a value is, in a few words, for "Received …". */
export function kindOfJson(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value !== "object") return `a ${typeof value}`;
  const names = Object.keys(value);
  if (names.length === 0) return "an object without members";
  return `an object with ${names.slice(0, 6).join(", ")}${names.length > 6 ? ", …" : ""}`;
}
