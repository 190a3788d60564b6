/** A number whose size is not known beforehand, in three significant digits. */
export function formatFigure(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 0.001 && size < 100_000) return plain(Number(value.toPrecision(3)), size).replace("-", "−");
  return value.toExponential(1).replaceAll("-", "−");
}

/** Trailing zeros are digits too: 0.120, not 0.12. */
function plain(value: number, size: number): string {
  const places = Math.max(0, 2 - Math.floor(Math.log10(size)));
  return value.toFixed(Math.min(6, places));
}
