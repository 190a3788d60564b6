/** What the handlers work with. `startServer` makes one for a process; tests make one with a fake model. */
import type { ModelService } from "@patchbay/analysis";
import type { ResponseOf, Snapshot } from "@patchbay/contract";
import type { Store } from "@patchbay/store";
import type { FairQueue } from "./queue/fair-queue.ts";

export type SetupState = ResponseOf<"health">["setup"];

export interface ModelDirectory {
  /** @throws PatchbayError `unknown-model`, or `not-ready` while the model is being installed. */
  get(name: string): Promise<ModelService>;
  list(): Promise<readonly ModelService[]>;
  setup(): SetupState;
}

export interface EngineFacts {
  /** Name and version of our engine, as it stands in recipes. */
  readonly engine: string;
  /** Name and version of what executes the graphs. */
  readonly runtime: string;
  memory(): { readonly sessionBytes: number; readonly budgetBytes: number };
}

export interface Services {
  readonly models: ModelDirectory;
  readonly engine: EngineFacts;
  /** Turns of calls that occupy the engine. */
  readonly queue: FairQueue;
  /** Turns of questions that take seconds: some at once, sharing the engine graph by graph, beside the calls above. */
  readonly questions: FairQueue;
  /** Findings that come with Patchbay, in the order of the tour. */
  readonly tour: () => Promise<readonly Snapshot[]>;
  /** Opened in parallel with the first requests. */
  readonly store: () => Promise<Store>;
  /** Aborted when the server stops. */
  readonly shutdown: AbortSignal;
  readonly log: (line: string) => void;
}
