import type { JobKind } from "@patchbay/contract";

export interface JobKindFacts {
  readonly kind: JobKind;
  readonly title: string;
  readonly purpose: string;
}

/** Those that need nothing but a model (the test has its own form), in the order in which they are offered. */
export const MODEL_JOB_KINDS = [
  {
    kind: "neuron-map",
    title: "Neuron map",
    purpose: "The tokens that every neuron reads and writes, through the LM head. The Atlas needs it.",
  },
  {
    kind: "reference-statistics",
    title: "Reference statistics",
    purpose: "Largest, smallest and mean activation of every neuron on reference text. “× maximum” needs it.",
  },
  {
    kind: "dictionary-quality",
    title: "Quality of dictionaries",
    purpose: "L0, variance unexplained, loss recovered and dead features of every dictionary, on held-out text.",
  },
  {
    kind: "unit-index",
    title: "Unit index",
    purpose:
      "What every neuron and feature does on text: examples, histogram, density. Search and feature pages need it.",
  },
  {
    kind: "specialised-neurons",
    title: "Specialised-neuron test",
    purpose:
      "Clamps the 20 most peaked writing neurons and 20 norm-matched random ones, and counts for how many the mapped token becomes more probable.",
  },
] as const satisfies readonly JobKindFacts[];

const OTHER_TITLES: Readonly<Partial<Record<JobKind, string>>> = {
  "train-dictionary": "Training",
  "dark-matter": "Dark matter",
  rewrite: "Rewriting",
};

export function jobTitle(kind: JobKind): string {
  return MODEL_JOB_KINDS.find((facts) => facts.kind === kind)?.title ?? OTHER_TITLES[kind] ?? kind;
}

/** Kinds that save what they have done, so that a pause loses nothing. The others can only be stopped. */
const PAUSABLE: ReadonlySet<JobKind> = new Set(["train-dictionary", "unit-index"]);

export function canPause(kind: JobKind): boolean {
  return PAUSABLE.has(kind);
}
