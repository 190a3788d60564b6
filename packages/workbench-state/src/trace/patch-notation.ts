/**
 * Patches as text, for the address bar: `[!]cable:place:operation[:value]:positions[:rest]`
 *
 *     orange:L5.mlp.post[732]:set:-4:all
 *     !teal:L4.attn.z[2]:zero:last                (muted)
 *     gold:L3.resid_post:replace:5,6:Ben and Sue went
 *     violet:L2@transcoder-2[45]:set:1max:all     (a feature; the error is kept)
 *     red:L2@transcoder-2:splice:all:drop         (the dictionary in place of the MLP)
 *     teal:L3.resid_post:steer:4:all:transcoder-2[45]
 *     gold:L5.resid_pre:direction:4:all:he − she by L5H4:AAEC…   (a unit vector, see direction-text.ts)
 *
 * A place is the site's name without "blocks." and "hook_", or a dictionary's name after "@" with the layer where it is
 * drawn before; a value in multiples of the unit's maximum ends in "max".
 */
import { isSiteKind, SITES, type Site } from "@patchbay/vocabulary";
import { readDirection } from "./direction-text.ts";
import { CABLE_COLOURS, type Patch, type PatchOperation, type PatchPositions } from "./patch.ts";
import { type DictionarySite, ERROR_MODES, isDictionarySite, type PatchSite } from "./patch-site.ts";

export function writePatch(patch: Patch): string {
  const { operation, site } = patch;
  const units = patch.units === undefined ? "" : `[${patch.units.join(",")}]`;
  const positions = typeof patch.positions === "string" ? patch.positions : patch.positions.join(",");
  const parts = [`${patch.muted ? "!" : ""}${patch.cable}`, placeText(site) + units, operation.op];
  if ("value" in operation)
    parts.push(`${operation.value}${"unit" in operation && operation.unit === "maximum" ? "max" : ""}`);
  parts.push(positions);
  if (operation.op === "replace") parts.push(operation.text);
  if (operation.op === "steer") parts.push(`${operation.dictionary}[${operation.feature}]`);
  if (operation.op === "direction") parts.push(operation.name.replaceAll(":", " "), operation.vector);
  if (isDictionarySite(site) && site.error !== "keep") parts.push(site.error);
  return parts.join(":");
}

/** Undefined for anything that is not exactly a patch. */
export function readPatch(text: string): Patch | undefined {
  const match = /^(!?)([a-z]+(?:-\d{1,3})?):([A-Za-z0-9_.@-]+)(?:\[([\d,]+)\])?:([a-z]+):(.*)$/s.exec(text);
  if (match === null) return undefined;
  const [, mute, cable = "", place = "", unitText, op = "", rest = ""] = match;
  const units = unitText === undefined ? undefined : readIndices(unitText);
  const end = place.includes("@") ? readDictionaryPlace(place, op, rest) : readHookPlace(place, op, rest);
  const knownCable = CABLE_COLOURS.some((colour) => cable === colour || cable.startsWith(`${colour}-`));
  if (end === undefined || !knownCable) return undefined;
  if (unitText !== undefined && units === undefined) return undefined;
  return { cable, units, ...end, muted: mute === "!" };
}

interface PatchEnd {
  readonly site: PatchSite;
  readonly operation: PatchOperation;
  readonly positions: PatchPositions;
}

function readHookPlace(place: string, op: string, rest: string): PatchEnd | undefined {
  const site = readPlace(place);
  const tail = readTail(op, rest);
  return site === undefined || tail === undefined || op === "splice" ? undefined : { site, ...tail };
}

/** A dictionary takes fewer operations, and may say at its end what becomes of its error. */
function readDictionaryPlace(place: string, op: string, rest: string): PatchEnd | undefined {
  const named = new RegExp(`^L(\\d{1,4})@(${DICTIONARY_NAME})$`, "i").exec(place);
  const error = ERROR_MODES.find((mode) => mode !== "keep" && rest.endsWith(`:${mode}`));
  const tail = readTail(op, error === undefined ? rest : rest.slice(0, -error.length - 1));
  if (named === null || tail === undefined || op === "mean" || op === "replace" || op === "steer" || op === "direction")
    return undefined;
  const [, layer, dictionary = ""] = named;
  const site: DictionarySite = { dictionary, layer: Number(layer), error: error ?? "keep" };
  return { site, ...tail };
}

const DICTIONARY_NAME = "[a-z0-9][a-z0-9._-]*";

function placeText(site: PatchSite): string {
  return isDictionarySite(site) ? `L${site.layer}@${site.dictionary}` : writePlace(site);
}

export function writePlace({ kind, layer }: Site): string {
  const bare = kind.replace("hook_", "");
  return layer === undefined ? bare : `L${layer}.${bare}`;
}

export function readPlace(text: string): Site | undefined {
  const block = /^L(\d{1,4})\.(.+)$/.exec(text);
  const bare = block?.[2] ?? text;
  const kind = [`hook_${bare}`, bare.replace(/\.(?=[^.]*$)/, ".hook_")].find(isSiteKind);
  if (kind === undefined || (SITES[kind].stage === "block") !== (block !== null)) return undefined;
  return block === null ? { kind } : { kind, layer: Number(block[1]) };
}

function readTail(op: string, rest: string): { operation: PatchOperation; positions: PatchPositions } | undefined {
  const [first = "", second = ""] = rest.split(":", 2);
  const fields = rest.split(":").length;
  if (op === "direction") return readAlong(rest.split(":"));
  if (op === "steer") return readSteering(first, second, rest.split(":")[2] ?? "", fields);
  if (op === "zero" || op === "mean" || op === "splice") {
    const positions = readPositions(first);
    return positions === undefined || fields !== 1 ? undefined : { operation: { op }, positions };
  }
  if (op === "replace") {
    const positions = readPositions(first);
    const text = rest.slice(first.length + 1);
    return positions === undefined || fields < 2 ? undefined : { operation: { op, text }, positions };
  }
  if (op !== "set" && op !== "add" && op !== "scale") return undefined;
  const value = /^(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)(max)?$/.exec(first);
  const positions = readPositions(second);
  if (value === null || positions === undefined || fields !== 2 || !Number.isFinite(Number(value[1]))) return undefined;
  const number = Number(value[1]);
  if (op === "set") {
    return { operation: { op, value: number, unit: value[2] === undefined ? "absolute" : "maximum" }, positions };
  }
  return value[2] === undefined ? { operation: { op, value: number }, positions } : undefined;
}

function readSteering(
  valueText: string,
  positionText: string,
  feature: string,
  fields: number,
): { operation: PatchOperation; positions: PatchPositions } | undefined {
  const positions = readPositions(positionText);
  const named = new RegExp(`^(${DICTIONARY_NAME})\\[(\\d{1,7})\\]$`, "i").exec(feature);
  const value = NUMBER.test(valueText) ? Number(valueText) : Number.NaN;
  if (fields !== 3 || positions === undefined || named === null || !Number.isFinite(value)) return undefined;
  const [, dictionary = "", index] = named;
  return { operation: { op: "steer", value, dictionary, feature: Number(index) }, positions };
}

function readAlong(fields: readonly string[]): { operation: PatchOperation; positions: PatchPositions } | undefined {
  const [valueText = "", positionText = "", name = "", vector = "", ...rest] = fields;
  const positions = readPositions(positionText);
  const value = NUMBER.test(valueText) ? Number(valueText) : Number.NaN;
  if (rest.length > 0 || positions === undefined || name === "" || !Number.isFinite(value)) return undefined;
  if (readDirection(vector) === undefined) return undefined;
  return { operation: { op: "direction", value, name, vector }, positions };
}

const NUMBER = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/;

function readPositions(text: string): PatchPositions | undefined {
  if (text === "all" || text === "last" || text === "generated") return text;
  return readIndices(text);
}

function readIndices(text: string): number[] | undefined {
  const indices = text.split(",").map((part) => (/^\d{1,7}$/.test(part) ? Number(part) : Number.NaN));
  return indices.length > 0 && indices.every((index) => Number.isInteger(index)) ? indices : undefined;
}
