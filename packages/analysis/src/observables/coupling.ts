/**
 * Coupling of two directions (Dunefsky & Cohan 2024): let x lie evenly on the sphere ‖x‖ = s, and let x·y₁ = k. Then
 *   x = k y₁/‖y₁‖² + x⊥,  E[x⊥] = 0 by symmetry,  so  E[x·y₂] = k (y₁·y₂)/‖y₁‖².
 * The coupling coefficient of y₁ with y₂ is that factor, (y₁·y₂)/‖y₁‖²: what reading one unit along y₁ says about the reading along
 * y₂. It is not symmetric; the cosine is its symmetric part, and says how tightly the expectation holds, since x·y₂ stays within
 * ‖y₂‖ √(s² − k²/‖y₁‖²) √(1 − cosine²) of it.
 */
import { dot } from "../decomposition/frozen-run.ts";
import { cosine } from "./norm-gradient.ts";

export interface Coupling {
  /** [given, predicted]; null where the given direction is zero. */
  readonly coefficients: (number | null)[][];
  readonly cosines: (number | null)[][];
}

export function couplingOf(directions: readonly Float32Array[]): Coupling {
  const coefficient = (given: Float32Array, predicted: Float32Array) => {
    const square = dot(given, given);
    return square === 0 ? null : dot(given, predicted) / square;
  };
  return {
    coefficients: directions.map((given) => directions.map((predicted) => coefficient(given, predicted))),
    cosines: directions.map((a) => directions.map((b) => cosine(a, b))),
  };
}
