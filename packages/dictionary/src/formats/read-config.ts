/**
 * Small text files of strangers: JSON and YAML with limits on size, depth and aliases, and typed access to their keys. A
 * configuration is never trusted: every value is asked for with its type and its range.
 */
import { open } from "node:fs/promises";
import { PatchbayError } from "@patchbay/vocabulary";
import { parseDocument } from "yaml";

/** No published configuration comes near; a larger file is something else. */
const MAXIMUM_TEXT_BYTES = 1_000_000;
const MAXIMUM_DEPTH = 32;
/** YAML aliases that may be resolved: enough for a shared list, far too few for a "billion laughs". */
const MAXIMUM_ALIASES = 20;

/** An object of a configuration file, with the file's name for messages. */
export interface Config {
  readonly file: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** @throws PatchbayError `file-not-found`, `damaged-file` */
export async function readJsonConfig(file: string): Promise<Config> {
  const text = await readSmallText(file);
  return { file, values: objectOf(file, parseJson(file, text)) };
}

/** @throws PatchbayError `file-not-found`, `damaged-file` */
export async function readYamlConfig(file: string): Promise<Config> {
  const text = await readSmallText(file);
  refuseDepth(file, text);
  refuseIndentation(file, text);
  return { file, values: objectOf(file, parseYaml(file, text)) };
}

function parseJson(file: string, text: string): unknown {
  refuseDepth(file, text);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw damagedFile(file, "is not JSON", "a JSON object", "other text", cause);
  }
}

function parseYaml(file: string, text: string): unknown {
  try {
    const document = parseDocument(text, { stringKeys: true, logLevel: "silent" });
    const [fault] = document.errors;
    if (fault !== undefined) throw fault;
    const value: unknown = document.toJS({ maxAliasCount: MAXIMUM_ALIASES });
    return value;
  } catch (cause) {
    throw damagedFile(file, "cannot be read as YAML", "a plain mapping without many aliases", reasonOf(cause), cause);
  }
}

/** Reads at most the limit and one byte more, so that a huge file costs nothing. */
async function readSmallText(file: string): Promise<string> {
  const handle = await open(file, "r").catch((cause: unknown) => {
    throw new PatchbayError("file-not-found", `${file} cannot be opened.`, { expected: "a readable file", cause });
  });
  try {
    const { size } = await handle.stat();
    if (size > MAXIMUM_TEXT_BYTES) {
      throw damagedFile(
        file,
        "is too large for a configuration",
        `at most ${MAXIMUM_TEXT_BYTES} bytes`,
        `${size} bytes`,
      );
    }
    return new TextDecoder("utf-8", { fatal: true }).decode(await handle.readFile());
  } catch (cause) {
    if (cause instanceof PatchbayError) throw cause;
    throw damagedFile(file, "is not text", "UTF-8", "other bytes", cause);
  } finally {
    await handle.close();
  }
}

/** Counted before parsing: brackets outside of strings. */
function refuseDepth(file: string, text: string): void {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (quoted) {
      if (character === "\\") i++;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === "{" || character === "[") depth++;
    else if (character === "}" || character === "]") depth--;
    if (depth > MAXIMUM_DEPTH) throw tooDeep(file);
  }
}

/** YAML nests by indentation and by repeated "- " as well. */
function refuseIndentation(file: string, text: string): void {
  if (text.split("\n").some((line) => (/^[\s?:-]*/.exec(line)?.[0].length ?? 0) > 4 * MAXIMUM_DEPTH))
    throw tooDeep(file);
}

function tooDeep(file: string): PatchbayError {
  return damagedFile(file, "is nested too deeply", `at most ${MAXIMUM_DEPTH} levels`, "more");
}

function objectOf(file: string, value: unknown): Readonly<Record<string, unknown>> {
  if (isObject(value)) return value;
  throw damagedFile(file, "is not a configuration", "an object with named values", describeValue(value));
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export interface CountLimits {
  readonly minimum?: number;
  readonly maximum: number;
}

/** A whole number in a range. @throws PatchbayError `damaged-file` */
export function readCount(config: Config, key: string, { minimum = 1, maximum }: CountLimits): number {
  const value = config.values[key];
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= minimum && value <= maximum) return value;
  throw wrongValue(config, key, `a whole number from ${minimum} to ${maximum}`);
}

/** A finite positive number, or undefined where there is none. @throws PatchbayError `damaged-file` */
export function readPositive(config: Config, key: string): number | undefined {
  const value = config.values[key];
  if (value === undefined || value === null) return undefined;
  // Beyond float32's range a weight times it would overflow.
  if (typeof value === "number" && value > 1e-30 && value < 1e30) return value;
  throw wrongValue(config, key, "a positive number");
}

/** A string, or undefined where the key is absent or null. @throws PatchbayError `damaged-file` */
export function readText(config: Config, key: string): string | undefined {
  const value = config.values[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string" && value.length <= 10_000) return value;
  throw wrongValue(config, key, "a string");
}

/** True or false, or `fallback` where the key is absent or null. @throws PatchbayError `damaged-file` */
export function readFlag(config: Config, key: string, fallback: boolean): boolean {
  const value = config.values[key];
  if (value === undefined || value === null) return fallback;
  if (typeof value === "boolean") return value;
  throw wrongValue(config, key, "true or false");
}

/** An object inside the configuration; empty where the key is absent or null. @throws PatchbayError `damaged-file` */
export function readSection(config: Config, key: string): Config {
  const value = config.values[key] ?? {};
  if (isObject(value)) return { file: config.file, values: value };
  throw wrongValue(config, key, "an object");
}

/** One of the given words. @throws PatchbayError `unsupported-model` */
export function readChoice<Choice extends string>(
  config: Config,
  key: string,
  choices: readonly Choice[],
  fallback?: Choice,
): Choice {
  const value = config.values[key] ?? fallback;
  const choice = choices.find((candidate) => candidate === value);
  if (choice !== undefined) return choice;
  throw new PatchbayError("unsupported-model", `${config.file}: "${key}" has a value that is not supported.`, {
    expected: `one of ${choices.join(", ")}`,
    received: describeValue(value),
  });
}

export function wrongValue(config: Config, key: string, expected: string): PatchbayError {
  return damagedFile(config.file, `has a "${key}" that cannot be used`, expected, describeValue(config.values[key]));
}

export function damagedFile(
  file: string,
  fault: string,
  expected: string,
  received: string,
  cause?: unknown,
): PatchbayError {
  return new PatchbayError("damaged-file", `${file} ${fault}.`, {
    expected,
    received,
    advice: "Copy or download the dictionary again, or correct the file.",
    cause,
  });
}

/** Short enough for a message, whatever came. */
export function describeValue(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = typeof value === "bigint" ? `${value}` : (JSON.stringify(value) ?? typeof value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? (cause.message.split("\n")[0] ?? "").slice(0, 120) : "an unknown fault";
}
