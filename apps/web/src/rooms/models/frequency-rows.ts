/** What the frequency panel shows of an answer: bars, and rows of its tables. */
import type { FrequencyAblation, FrequencyView } from "@patchbay/contract";

export interface FrequencyBar {
  readonly frequency: number;
  readonly share: number;
  readonly isMarked: boolean;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const AXIS = 14;

/** Heights are relative to the highest share. */
export function frequencyBars(
  shares: readonly number[],
  marked: readonly number[],
  size: { readonly width: number; readonly height: number },
): { bars: FrequencyBar[]; baseline: number; highest: number } {
  const highest = shares.reduce((most, share) => Math.max(most, share), 0);
  const baseline = size.height - AXIS;
  const step = size.width / Math.max(1, shares.length);
  const bars = shares.map((share, i) => {
    const height = highest > 0 ? baseline * (share / highest) : 0;
    const bar = { x: i * step + step * 0.1, y: baseline - height, width: step * 0.8, height };
    return { frequency: i + 1, share, isMarked: marked.includes(i + 1), ...bar };
  });
  return { bars, baseline, highest };
}

export interface AblationRow {
  readonly at: string;
  readonly what: string;
  readonly accuracy: number;
  readonly loss: number;
}

const ALONE = 8;

/** Sets first; of frequencies removed alone those that cost most. */
export function ablationRows({ baseline, ablations }: FrequencyView): AblationRow[] {
  const row = ({ at, kind, frequencies, accuracy, loss }: FrequencyAblation): AblationRow => ({
    at,
    what: wordsOf(kind, frequencies),
    accuracy,
    loss,
  });
  const places = [...new Set(ablations.map(({ at }) => at))];
  return [
    { at: "nothing", what: "–", ...baseline },
    ...places.flatMap((place) => {
      const own = ablations.filter(({ at }) => at === place);
      const alone = own.filter(({ kind }) => kind === "single").sort((a, b) => b.loss - a.loss);
      return [...own.filter(({ kind }) => kind !== "single"), ...alone.slice(0, ALONE)].map(row);
    }),
  ];
}

function wordsOf(kind: FrequencyAblation["kind"], frequencies: readonly number[]): string {
  switch (kind) {
    case "key":
      return `the key frequencies ${frequencies.join(", ")}`;
    case "strongest-others":
      return `as many others, the strongest: ${frequencies.join(", ")}`;
    case "all-others":
      return `all ${frequencies.length} others`;
    case "single":
      return `${frequencies.join(", ")} alone`;
  }
}

const LISTED = 12;

export function strongestNeurons({ neurons }: FrequencyView): FrequencyView["neurons"] {
  return neurons.slice(0, LISTED);
}
