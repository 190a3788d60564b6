export { type AppParts, createApp } from "./app.ts";
export { closeOnSignals } from "./close-on-signals.ts";
export { type Composition, compose, type InstalledModels, openInstalledModels } from "./compose.ts";
export { jsonErrorPosition } from "./http/json-error-position.ts";
export type { ModelKeeping, ModelLibrary, OpenModel } from "./models/model-directory.ts";
export { createFairQueue, type FairQueue } from "./queue/fair-queue.ts";
export type { EngineFacts, ModelDirectory, Services } from "./services.ts";
export { type RunningServer, type ServerOptions, startServer } from "./start-server.ts";
