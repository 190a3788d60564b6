/**
 * A direction of the residual stream as text that an address can hold: 16-bit shares of its largest component, base64url.
 * 288 dimensions are 768 characters; a component is off by at most 1/65,534 of the largest.
 */

/** Longer ones make addresses that servers and mail programs cut off. */
export const MOST_DIRECTION_DIMENSIONS = 1536;

const FULL = 32_767;

/** The direction at unit length; what is given may have any length but 0. */
export function writeDirection(values: readonly number[]): string {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  let bytes = "";
  for (const value of values) {
    const share = largest === 0 ? 0 : Math.round((FULL * value) / largest);
    // Two's complement, low byte first.
    bytes += String.fromCharCode(share & 0xff, (share >> 8) & 0xff);
  }
  return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** [dimension] of length 1; undefined where the text is no direction, or one of length 0. */
export function readDirection(text: string): number[] | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(text) || text.length % 4 === 1) return undefined;
  const bytes = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  if (bytes.length % 2 !== 0) return undefined;
  const shares: number[] = [];
  for (let i = 0; i < bytes.length; i += 2) {
    const unsigned = bytes.charCodeAt(i) | (bytes.charCodeAt(i + 1) << 8);
    shares.push(unsigned > FULL ? unsigned - 65_536 : unsigned);
  }
  const length = Math.hypot(...shares);
  return length === 0 ? undefined : shares.map((share) => share / length);
}
