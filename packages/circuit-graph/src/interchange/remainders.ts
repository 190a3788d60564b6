/**
 * Lossless reading: whatever a file's objects hold beyond what we would write for the same thing is kept as a difference,
 * and laid over what we write when the object goes out again.
 */
import type { JsonObject, JsonValue, ObjectRemainders } from "../circuit-graph.ts";
import { jsonObject, member, sameJson } from "../json.ts";

export const AS_WRITTEN = -1;
export const NO_REMAINDERS: ObjectRemainders = { shapes: [], shape: null, values: {} };

export class RemainderRecorder {
  readonly #shapes: string[][] = [];
  readonly #places = new Map<string, number>();
  readonly #shape: number[] = [];
  readonly #values: [string, JsonObject][] = [];
  #differs = false;

  /** @param original the file's object. @param written what we would write in its place. */
  add(original: JsonObject, written: JsonObject): void {
    const names = Object.keys(original);
    const shape = this.#shapeOf(names, Object.keys(written));
    if (shape !== AS_WRITTEN) this.#differs = true;
    let different: [string, JsonValue][] | undefined;
    for (const name of names) {
      const value = member(original, name);
      if (value === undefined || sameJson(value, member(written, name))) continue;
      different ??= [];
      different.push([name, value]);
    }
    if (different !== undefined) this.#values.push([String(this.#shape.length), Object.fromEntries(different)]);
    this.#shape.push(shape);
  }

  finish(): ObjectRemainders {
    return {
      shapes: this.#shapes,
      shape: this.#differs ? this.#shape : null,
      values: Object.fromEntries(this.#values),
    };
  }

  #shapeOf(names: string[], written: readonly string[]): number {
    if (names.length === written.length && names.every((name, place) => name === written[place])) return AS_WRITTEN;
    const key = JSON.stringify(names);
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    this.#places.set(key, this.#shapes.length);
    return this.#shapes.push(names) - 1;
  }
}

export function hasRemainders({ shape, values }: ObjectRemainders): boolean {
  return shape !== null || Object.keys(values).length > 0;
}

/** The object as the file had it, as far as our part of it is unchanged. @param forced members that we insist on. */
export function restore(
  remainders: ObjectRemainders,
  place: number,
  written: JsonObject,
  forced: JsonObject | null = null,
): JsonObject {
  const shape = remainders.shape?.[place] ?? AS_WRITTEN;
  const values = remainders.values[String(place)];
  if (shape === AS_WRITTEN && values === undefined && forced === null) return written;
  const names = remainders.shapes[shape] ?? Object.keys(written);
  // A value of null is a difference too.
  const own = (name: string) =>
    values !== undefined && Object.hasOwn(values, name) ? values[name] : member(written, name);
  const restored = jsonObject(names.map((name) => [name, own(name)] as const));
  return forced === null ? restored : { ...restored, ...forced };
}

/** The remainders of some of the objects, in the order of `places`. */
export function selectRemainders(remainders: ObjectRemainders, places: readonly number[]): ObjectRemainders {
  const { shapes, shape, values } = remainders;
  const entries = places.flatMap((place, index): [string, JsonObject][] => {
    const value = values[String(place)];
    return value === undefined ? [] : [[String(index), value]];
  });
  return {
    shapes,
    shape: shape === null ? null : places.map((place) => shape[place] ?? AS_WRITTEN),
    values: Object.fromEntries(entries),
  };
}
