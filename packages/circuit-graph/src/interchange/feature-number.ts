/**
 * How files number features. Since schema version 1: the Cantor pairing of layer and unit. Before it: the layer's digits
 * followed by a fixed number of digits of the unit (Gemma: five), the unit alone (Qwen), or a number that only a feature
 * file explains.
 */

export type FeatureNumbering =
  | { readonly kind: "cantor" }
  | { readonly kind: "digits"; readonly digits: number }
  | { readonly kind: "plain" };

export interface NumberedFeature {
  readonly layer: number;
  readonly number: number;
}

/** z = (L + F)(L + F + 1)/2 + F */
export function cantorNumber(layer: number, unit: number): number {
  return triangular(layer + unit) + unit;
}

/** The layer and unit of a Cantor number; null for what is none: negative, fractional, or beyond exact doubles. */
export function fromCantorNumber(number: number): { readonly layer: number; readonly unit: number } | null {
  if (!Number.isSafeInteger(number) || number < 0) return null;
  // w = ⌊(√(8z + 1) − 1)/2⌋; the double root may be off by one near a triangular number.
  let diagonal = Math.floor((Math.sqrt(8 * number + 1) - 1) / 2);
  while (triangular(diagonal) > number) diagonal -= 1;
  while (triangular(diagonal + 1) <= number) diagonal += 1;
  const unit = number - triangular(diagonal);
  return { layer: diagonal - unit, unit };
}

/**
 * Which numbering a file uses.
 * @param isCantor whether the file says so: schema version 1, or a Neuronpedia source set.
 */
export function featureNumbering(
  isCantor: boolean,
  scan: string | null,
  features: readonly NumberedFeature[],
): FeatureNumbering {
  if (isCantor) return { kind: "cantor" };
  if (scan?.toLowerCase().includes("qwen") === true || features.length === 0) return { kind: "plain" };
  const digits = DIGITS.find((count) =>
    features.every(({ layer, number }) => Math.floor(number / 10 ** count) === layer),
  );
  return digits === undefined ? { kind: "plain" } : { kind: "digits", digits };
}

/** The unit that a number means in its layer; null where the two contradict each other. */
export function unitOf(numbering: FeatureNumbering, { layer, number }: NumberedFeature): number | null {
  if (!Number.isSafeInteger(number) || number < 0) return null;
  if (numbering.kind === "plain") return number;
  if (numbering.kind === "digits") {
    const scale = 10 ** numbering.digits;
    return Math.floor(number / scale) === layer ? number % scale : null;
  }
  const pair = fromCantorNumber(number);
  return pair !== null && pair.layer === layer ? pair.unit : null;
}

/** w(w + 1)/2. The product is even, and so exact up to 2⁵⁴: twice the largest safe number. */
function triangular(w: number): number {
  return (w * (w + 1)) / 2;
}

/** Five first: with layer 0 alone every count fits. */
const DIGITS: readonly number[] = [5, 4, 6, 3, 7, 8];
