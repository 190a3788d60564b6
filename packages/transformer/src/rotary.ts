/**
 * Rotary position embedding (Su et al. 2021), in the half-split form of Hugging Face's Llama, where dimension i is paired
 * with i + half, or in GPT-J's, where neighbours are paired. Angles are computed in float64 and rounded once.
 */

import { type Tensor, tensor } from "@patchbay/vocabulary";
import type { ModelConfig } from "./architecture.ts";
import { readNumber, readObject, unsupported } from "./config-reader.ts";

export interface RotaryDescription {
  /** Angle per position for each rotated pair, in radians. Dimensions of a head beyond the pairs are not rotated. */
  readonly frequencies: readonly number[];
  /** Pairs are (0, 1), (2, 3), … instead of (i, i + half). */
  readonly adjacent?: boolean;
}

/** Reads `rope_theta`/`rope_scaling` (transformers 4) or `rope_parameters` (transformers 5). */
export function readRotary(config: ModelConfig, headWidth: number): RotaryDescription {
  const parameters = readObject(config, "rope_parameters") ?? readObject(config, "rope_scaling") ?? {};
  const theta = readNumber(parameters, "rope_theta", readNumber(config, "rope_theta", 10_000));
  const half = headWidth / 2;
  const plain = Array.from({ length: half }, (_, i) => theta ** (-i / half));
  const kind = parameters["rope_type"] ?? parameters["type"] ?? "default";
  if (kind === "default") return { frequencies: plain };
  if (kind === "linear") {
    const factor = readNumber(parameters, "factor");
    return { frequencies: plain.map((frequency) => frequency / factor) };
  }
  if (kind === "llama3") return { frequencies: plain.map((frequency) => llama3Frequency(frequency, parameters)) };
  throw unsupported("rotary scaling", "default, linear or llama3", String(kind));
}

/** Llama 3.1: long wavelengths are stretched by `factor`, short ones kept, those between interpolated. */
function llama3Frequency(frequency: number, parameters: ModelConfig): number {
  const factor = readNumber(parameters, "factor");
  const low = readNumber(parameters, "low_freq_factor");
  const high = readNumber(parameters, "high_freq_factor");
  const original = readNumber(parameters, "original_max_position_embeddings");
  const wavelength = (2 * Math.PI) / frequency;
  if (wavelength < original / high) return frequency;
  if (wavelength > original / low) return frequency / factor;
  const smooth = (original / wavelength - low) / (high - low);
  return ((1 - smooth) * frequency) / factor + smooth * frequency;
}

/** Cosines and sines for the positions, each [position, pair]. */
export function rotaryTables(
  { frequencies }: RotaryDescription,
  positions: readonly number[],
): { cosines: Tensor; sines: Tensor } {
  const cosines = new Float32Array(positions.length * frequencies.length);
  const sines = new Float32Array(cosines.length);
  positions.forEach((position, p) => {
    frequencies.forEach((frequency, pair) => {
      cosines[p * frequencies.length + pair] = Math.cos(position * frequency);
      sines[p * frequencies.length + pair] = Math.sin(position * frequency);
    });
  });
  const axes = ["position", "pair"];
  const shape = [positions.length, frequencies.length];
  return { cosines: tensor(axes, shape, cosines), sines: tensor(axes, shape, sines) };
}
