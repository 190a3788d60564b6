export type { AddOptions } from "./add-model.ts";
export {
  BUNDLED_MODEL,
  type BundledManifest,
  bundledFolder,
  bundledReferenceText,
  readBundledManifest,
} from "./bundled-model.ts";
export { dataHome } from "./data-home.ts";
export type { InstallOptions, InstallProgress } from "./install-bundled.ts";
export { type InstalledModel, type ModelLibrary, openModelLibrary } from "./library.ts";
export { checkModelName, suggestModelName } from "./model-name.ts";
