/** Names things by what they are: the same content has the same hash, whatever the order of its keys. */
import { createHash } from "node:crypto";
import { canonicalJson } from "@patchbay/vocabulary";

export function contentHash(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}

/** Crockford's base32 in lower case: no letters that look like digits, safe in a path and when read aloud. */
const BASE32 = "0123456789abcdefghjkmnpqrstvwxyz";

/** 12 characters are 60 bits: among a million findings, one chance in two million that any two share an id. */
export function contentId(value: unknown, length = 12): string {
  const bytes = createHash("sha256").update(canonicalJson(value)).digest();
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return Array.from({ length }, (_, index) => BASE32[Number.parseInt(bits.slice(index * 5, index * 5 + 5), 2)]).join(
    "",
  );
}
