/** Names for the parts of answers that several rooms read. The contract's schemas are the source. */
import type { BodyOf, ResponseOf, SpecialisedNeuronTest as SpecialisedNeuronSchema } from "@patchbay/contract";

export type Run = ResponseOf<"run">;
export type Generation = ResponseOf<"generate">;
export type ReplayReport = ResponseOf<"replaySnapshot">;
export type JobRequest = BodyOf<"createJob">;
export type Recipe = Run["recipe"];
export type Token = Run["tokens"][number][number];
export type GeneratedToken = Generation["rows"][number]["tokens"][number];
export type Attribution = NonNullable<Run["results"]["attribution"]>;
export type Ledger = NonNullable<Run["results"]["ledger"]>;
export type Capture = NonNullable<Run["results"]["capture"]>[number];
export type SpecialisedNeuronTest = ReturnType<typeof SpecialisedNeuronSchema.parse>;
