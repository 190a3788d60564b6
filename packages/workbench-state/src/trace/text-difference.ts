/** Which tokens of two continuations differ: the longest common subsequence by token id. */

export interface DifferenceMark<Item> {
  readonly item: Item;
  readonly changed: boolean;
}

export function markDifferences<Item>(
  before: readonly Item[],
  after: readonly Item[],
  same: (a: Item, b: Item) => boolean,
): { readonly before: DifferenceMark<Item>[]; readonly after: DifferenceMark<Item>[] } {
  const width = after.length + 1;
  // lengths[i * width + j]: longest common subsequence of before[i…] and after[j…].
  const lengths = new Uint32Array((before.length + 1) * width);
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      const match = same(before[i] as Item, after[j] as Item);
      lengths[i * width + j] = match
        ? 1 + (lengths[(i + 1) * width + j + 1] ?? 0)
        : Math.max(lengths[(i + 1) * width + j] ?? 0, lengths[i * width + j + 1] ?? 0);
    }
  }
  const marks = { before: before.map(changed), after: after.map(changed) };
  for (let i = 0, j = 0; i < before.length && j < after.length; ) {
    const [old, now] = [before[i] as Item, after[j] as Item];
    if (same(old, now)) {
      marks.before[i++] = { item: old, changed: false };
      marks.after[j++] = { item: now, changed: false };
    } else if ((lengths[(i + 1) * width + j] ?? 0) >= (lengths[i * width + j + 1] ?? 0)) i++;
    else j++;
  }
  return marks;
}

function changed<Item>(item: Item): DifferenceMark<Item> {
  return { item, changed: true };
}
