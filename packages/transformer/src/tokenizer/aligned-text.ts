/** Normalised text that remembers where each of its UTF-16 units came from. */

export interface AlignedText {
  readonly text: string;
  /** Range in the original text, per unit of `text`; empty where a unit adds nothing of its own. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** The text as it is, placed at `offset` of the original. A character of two units gives its range to the first. */
export function alignedText(text: string, offset: number): AlignedText {
  const starts: number[] = [];
  const ends: number[] = [];
  for (const character of text) addUnits(starts, ends, character.length, offset + starts.length, character.length);
  return { text, starts, ends };
}

/** A unit that is in no original text, such as SentencePiece's leading space. */
export function prepend(prefix: string, { text, starts, ends }: AlignedText): AlignedText {
  const origin = Array.from(prefix, () => starts[0] ?? 0);
  return { text: prefix + text, starts: [...origin, ...starts], ends: [...origin, ...ends] };
}

/** Unicode normalisation. What several characters become together keeps their common range. */
export function normalizeUnicode(aligned: AlignedText, form: "NFC" | "NFD" | "NFKC" | "NFKD"): AlignedText {
  if (aligned.text.normalize(form) === aligned.text) return aligned;
  let text = "";
  const starts: number[] = [];
  const ends: number[] = [];
  for (const { 0: cluster, index } of aligned.text.matchAll(COMPOSING_CLUSTER)) {
    const normalized = cluster.normalize(form);
    const start = aligned.starts[index] ?? 0;
    const end = aligned.ends[index + cluster.length - 1] ?? start;
    text += normalized;
    if (normalized === cluster) {
      starts.push(...aligned.starts.slice(index, index + cluster.length));
      ends.push(...aligned.ends.slice(index, index + cluster.length));
    } else {
      addUnits(starts, ends, normalized.length, start, end - start);
    }
  }
  return { text, starts, ends };
}

/** A character with the marks and Hangul vowels and finals that can compose with it. */
const COMPOSING_CLUSTER = /[^\p{M}\u1161-\u1175\u11a8-\u11c2]?[\p{M}\u1161-\u1175\u11a8-\u11c2]*/gsu;

function addUnits(starts: number[], ends: number[], units: number, start: number, length: number): void {
  for (let unit = 0; unit < units; unit++) {
    starts.push(unit === 0 ? start : start + length);
    ends.push(start + length);
  }
}
