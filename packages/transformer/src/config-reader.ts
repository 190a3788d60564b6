/** Reads values of config.json by name with a type, saying which key is at fault. */
import { PatchbayError } from "@patchbay/vocabulary";
import type { ModelConfig } from "./architecture.ts";

export function readNumber(config: ModelConfig, key: string, fallback?: number): number {
  const value = config[key] ?? fallback;
  if (typeof value !== "number" || !Number.isFinite(value)) throw wrongKey(key, "a number", value);
  return value;
}

export function readBoolean(config: ModelConfig, key: string, fallback: boolean): boolean {
  const value = config[key] ?? fallback;
  if (typeof value !== "boolean") throw wrongKey(key, "true or false", value);
  return value;
}

export function readString(config: ModelConfig, key: string, fallback?: string): string {
  const value = config[key] ?? fallback;
  if (typeof value !== "string") throw wrongKey(key, "a string", value);
  return value;
}

export function readObject(config: ModelConfig, key: string): ModelConfig | undefined {
  const value = config[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "object" || Array.isArray(value)) throw wrongKey(key, "an object", value);
  return value as ModelConfig;
}

export function unsupported(what: string, expected: string, received: string): PatchbayError {
  return new PatchbayError("unsupported-model", `This model's ${what} is not supported.`, { expected, received });
}

function wrongKey(key: string, expected: string, value: unknown): PatchbayError {
  return new PatchbayError("unsupported-model", `config.json: "${key}" cannot be used.`, {
    expected,
    received: JSON.stringify(value) ?? "nothing",
    advice: "Take config.json from the model's own folder.",
  });
}
