/** Character ranges of byte runs: where each token's bytes stand in the text that all of them spell together. */

export interface CharacterRange {
  readonly start: number;
  readonly end: number;
}

/** A character's range belongs to the run that holds its first byte. Bytes that are no UTF-8 count one character each. */
export function characterRanges(runs: readonly Uint8Array[]): CharacterRange[] {
  const bytes = concatenateBytes(runs);
  const ranges: CharacterRange[] = [];
  let byte = 0;
  let character = 0;
  let end = 0;
  for (const run of runs) {
    end += run.length;
    const start = character;
    while (byte < end) {
      const length = sequenceLength(bytes, byte);
      byte += length;
      character += length === 4 ? 2 : 1;
    }
    ranges.push({ start, end: character });
  }
  return ranges;
}

export function concatenateBytes(runs: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(runs.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const run of runs) {
    bytes.set(run, offset);
    offset += run.length;
  }
  return bytes;
}

function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  const length = first >= 0xf0 && first < 0xf8 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 1;
  if (first < 0xc2 || first >= 0xf8) return 1;
  for (let i = 1; i < length; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 1;
  return length;
}
