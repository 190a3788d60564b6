/** The parts of a stored intervention that its sentence names beyond site, operation and positions. */

/** "× 4 decoder of transcoder-2 F45", where the intervention steers with a feature; else undefined. */
export function steeringWords(intervention: object): string | undefined {
  const { direction, coefficient } = intervention as { direction?: unknown; coefficient?: unknown };
  if (typeof direction !== "object" || direction === null) return undefined;
  const { dictionary, feature, vector } = direction as { dictionary?: unknown; feature?: unknown; vector?: unknown };
  const times = typeof coefficient === "number" ? coefficient : 1;
  return `${String(times).replace("-", "−")} × ${String(vector ?? "decoder")} of ${String(dictionary)} F${String(feature)}`;
}

/** What became of the dictionary's error; undefined for a hook site. */
export function errorWords(intervention: object): string | undefined {
  const { error } = intervention as { error?: unknown };
  if (error === "keep") return "error kept";
  if (error === "drop") return "error dropped";
  return error === "freeze" ? "error frozen" : undefined;
}
