/** Numbers as a column of them must look: fixed places, a real minus sign, no "-0". */

export function formatFixed(value: number, places = 2): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "n/a" : value > 0 ? "∞" : "−∞";
  const text = Math.abs(value).toFixed(places);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

export function formatSigned(value: number, places = 2): string {
  const text = formatFixed(value, places);
  return Number.isFinite(value) && Number(value.toFixed(places)) > 0 ? `+${text}` : text;
}

/** Probabilities keep three places, and more only where three would say nothing. */
export function formatProbability(value: number): string {
  if (value >= 0.0005 || value === 0) return value.toFixed(3);
  return value < 1e-6 ? "<1e-6" : value.toExponential(0).replace("-", "−");
}

const THOUSANDS = new Intl.NumberFormat("en-US");

export function formatCount(value: number): string {
  return THOUSANDS.format(value);
}

export function formatBytes(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${value >= 100 || power === 0 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}
