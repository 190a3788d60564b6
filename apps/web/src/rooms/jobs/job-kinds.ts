import type { JobKind } from "@patchbay/contract";

export interface JobKindFacts {
  readonly kind: JobKind;
  readonly title: string;
  readonly purpose: string;
}

export const JOB_KINDS: readonly JobKindFacts[] = [
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
    kind: "specialised-neurons",
    title: "Specialised-neuron test",
    purpose:
      "Clamps the 20 most peaked writing neurons and 20 norm-matched random ones, and counts for how many the mapped token becomes more probable.",
  },
];

export function jobTitle(kind: JobKind): string {
  return JOB_KINDS.find((facts) => facts.kind === kind)?.title ?? kind;
}
