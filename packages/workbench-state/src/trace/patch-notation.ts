/**
 * Patches as text, for the address bar: `[!]cable:place:operation[:value]:positions[:text]`
 *
 *     orange:L5.mlp.post[732]:set:-4:all
 *     !teal:L4.attn.z[2]:zero:last                (muted)
 *     gold:L3.resid_post:replace:5,6:Ben and Sue went
 *
 * A place is the site's name without "blocks." and "hook_"; a value in multiples of the neuron's maximum ends in "max".
 */
import { isSiteKind, SITES, type Site } from "@patchbay/vocabulary";
import { CABLE_COLOURS, type Patch, type PatchOperation, type PatchPositions } from "./patch.ts";

export function writePatch(patch: Patch): string {
  const { operation } = patch;
  const units = patch.units === undefined ? "" : `[${patch.units.join(",")}]`;
  const positions = typeof patch.positions === "string" ? patch.positions : patch.positions.join(",");
  const parts = [`${patch.muted ? "!" : ""}${patch.cable}`, writePlace(patch.site) + units, operation.op];
  if ("value" in operation)
    parts.push(`${operation.value}${"unit" in operation && operation.unit === "maximum" ? "max" : ""}`);
  parts.push(positions);
  if (operation.op === "replace") parts.push(operation.text);
  return parts.join(":");
}

/** Undefined for anything that is not exactly a patch. */
export function readPatch(text: string): Patch | undefined {
  const match = /^(!?)([a-z]+(?:-\d{1,3})?):([A-Za-z0-9_.]+)(?:\[([\d,]+)\])?:([a-z]+):(.*)$/s.exec(text);
  if (match === null) return undefined;
  const [, mute, cable = "", placeText = "", unitText, op = "", rest = ""] = match;
  const site = readPlace(placeText);
  const units = unitText === undefined ? undefined : readIndices(unitText);
  const tail = readTail(op, rest);
  const knownCable = CABLE_COLOURS.some((colour) => cable === colour || cable.startsWith(`${colour}-`));
  if (site === undefined || tail === undefined || !knownCable) return undefined;
  if (unitText !== undefined && units === undefined) return undefined;
  return { cable, site, units, ...tail, muted: mute === "!" };
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
  if (op === "zero" || op === "mean") {
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

function readPositions(text: string): PatchPositions | undefined {
  if (text === "all" || text === "last" || text === "generated") return text;
  return readIndices(text);
}

function readIndices(text: string): number[] | undefined {
  const indices = text.split(",").map((part) => (/^\d{1,7}$/.test(part) ? Number(part) : Number.NaN));
  return indices.length > 0 && indices.every((index) => Number.isInteger(index)) ? indices : undefined;
}
