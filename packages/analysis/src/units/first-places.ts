/** The first entries of an order without ordering all: a page of a long list needs a few. */

/**
 * Places of the `count` smallest keys, rising; of equal keys the smaller place first. Numbers alone sort several times
 * faster than places by a comparison, so that they are sorted first, for the key up to which places are taken.
 */
export function firstPlaces(keys: Float64Array, count: number): Int32Array {
  const wanted = Math.min(count, keys.length);
  if (wanted === 0) return new Int32Array(0);
  const last = keys.slice().sort()[wanted - 1] ?? 0;
  const places = new Int32Array(wanted);
  let taken = 0;
  for (let place = 0; place < keys.length; place++) if ((keys[place] ?? 0) < last) places[taken++] = place;
  for (let place = 0; taken < wanted; place++) if (keys[place] === last) places[taken++] = place;
  return places.sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0) || a - b);
}
