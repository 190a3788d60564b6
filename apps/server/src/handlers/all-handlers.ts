import type { Services } from "../services.ts";
import { dictionaryHandlers } from "./dictionary-handlers.ts";
import { documentHandlers } from "./document-handlers.ts";
import type { Handlers } from "./handler.ts";
import { jobHandlers } from "./job-handlers.ts";
import { modelHandlers } from "./model-handlers.ts";
import { neuronHandlers } from "./neuron-handlers.ts";
import { questionHandlers } from "./question-handlers.ts";
import { runHandlers } from "./run-handlers.ts";
import { snapshotHandlers } from "./snapshot-handlers.ts";
import { unitHandlers } from "./unit-handlers.ts";

export function allHandlers(services: Services): Handlers {
  return {
    ...modelHandlers(services),
    ...runHandlers(services),
    ...questionHandlers(services),
    ...neuronHandlers(services),
    ...dictionaryHandlers(services),
    ...unitHandlers(services),
    ...jobHandlers(services),
    ...snapshotHandlers(services),
    ...documentHandlers(services),
  };
}
