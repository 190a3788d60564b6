export { type ArtefactFolder, openArtefacts } from "./artefacts.ts";
export type { DocumentHeader, DocumentShelf, StoredDocument } from "./document-shelf.ts";
export { lockFolder } from "./folder-lock.ts";
export { isFinished, type JobContext, type JobHandler, type JobRecord, type NewJob } from "./job-queue/job.ts";
export type { JobQueue } from "./job-queue/job-queue.ts";
export { openStore, type Store, type StoreOptions } from "./open-store.ts";
export type { JobProblem, JobState } from "./schema.ts";
export type { SnapshotShelf, StoredSnapshot, StoredSummary } from "./snapshot-shelf.ts";
export type { UnitLabel, UnitLabelShelf } from "./unit-labels.ts";
