/** A copy of a result whose large arrays are left out, because they travel beside it in binary. Axes and shapes stay. */
export function withoutTensorData(result: object, pointers: Iterable<string>): object {
  const left = new Set(pointers);
  const copy = (value: unknown, path: string): unknown => {
    if (Array.isArray(value)) return value.map((item, index) => copy(item, join(path, String(index))));
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).filter(([key]) => !(left.has(path) && key === "data"));
    return Object.fromEntries(entries.map(([key, item]) => [key, copy(item, join(path, key))]));
  };
  return Object(copy(result, ""));
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}/${key}`;
}
