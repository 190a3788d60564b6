/** The installed models of a data folder, opened when first asked for, and the bundled one's first installation. */
import type { ArtefactStore, ModelService } from "@patchbay/analysis";
import type { UnitLabelShelf } from "@patchbay/store";
import { editDistance, PatchbayError } from "@patchbay/vocabulary";
import type { ModelDirectory, SetupState } from "../services.ts";

/** What the server needs from the model library; `Installed` is the library's own description of a model on disk. */
export interface ModelLibrary<Installed extends { readonly name: string }> {
  readonly bundledName: string;
  list(): Promise<readonly Installed[]>;
  /** Does nothing when the model is there. */
  installBundled(progress: (fraction: number, message: string) => void, signal: AbortSignal): Promise<unknown>;
}

/** Where what belongs to a model is kept, by its hash. */
export interface ModelKeeping {
  artefacts(modelHash: string): ArtefactStore;
  labels(modelHash: string): UnitLabelShelf;
}

export type OpenModel<Installed> = (installed: Installed, keeping: ModelKeeping) => Promise<ModelService>;

export interface InstallingDirectory extends ModelDirectory {
  /** Installs the bundled model where it is missing. A failure is told by `setup()`, and the other models stay usable. */
  install(signal: AbortSignal): Promise<void>;
}

export function createModelDirectory<Installed extends { readonly name: string }>(
  library: ModelLibrary<Installed>,
  open: (installed: Installed) => Promise<ModelService>,
  log: (line: string) => void,
): InstallingDirectory {
  const opened = new Map<string, Promise<ModelService>>();
  let setup: SetupState = { state: "working", message: "Looking for the bundled model", progress: 0 };

  function openOnce(installed: Installed): Promise<ModelService> {
    const known = opened.get(installed.name);
    if (known !== undefined) return known;
    const opening = open(installed);
    opened.set(installed.name, opening);
    // A failure is told to whoever asked; the next one tries again.
    opening.catch(() => opened.delete(installed.name));
    return opening;
  }

  return {
    async get(name) {
      const known = opened.get(name);
      if (known !== undefined) return known;
      const installed = await library.list();
      const found = installed.find((model) => model.name === name);
      if (found !== undefined) return openOnce(found);
      if (name === library.bundledName && setup.state !== "ready") throw notReady(name, setup);
      throw unknownModel(
        name,
        installed.map((model) => model.name),
      );
    },
    async list() {
      const outcomes = await Promise.allSettled((await library.list()).map(openOnce));
      for (const outcome of outcomes)
        if (outcome.status === "rejected") log(`A model does not open: ${outcome.reason}`);
      return outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    },
    setup: () => setup,
    async install(signal) {
      try {
        await library.installBundled((progress, message) => {
          setup = { state: "working", message, progress };
        }, signal);
        setup = { state: "ready", message: "Ready", progress: 1 };
      } catch (error) {
        if (signal.aborted) return;
        setup = { state: "failed", message: error instanceof Error ? error.message : String(error), progress: 0 };
        log(`The bundled model could not be installed: ${setup.message}`);
      }
    },
  };
}

function notReady(name: string, { state, message, progress }: SetupState): PatchbayError {
  if (state === "failed") {
    return new PatchbayError("not-ready", `The model "${name}" could not be installed.`, {
      received: message,
      advice: "Restart the server to try again; patchbay doctor says what is wrong.",
    });
  }
  return new PatchbayError(
    "not-ready",
    `The model "${name}" is still being installed (${Math.round(progress * 100)} %).`,
    {
      received: message,
      advice: "GET /api/v1/health tells the progress; ask again when setup is ready.",
    },
  );
}

function unknownModel(name: string, installed: readonly string[]): PatchbayError {
  const nearest = [...installed].sort((a, b) => editDistance(a, name) - editDistance(b, name));
  return new PatchbayError("unknown-model", `There is no model "${name}".`, {
    expected: installed.length === 0 ? "an installed model; none is installed yet" : `one of ${nearest.join(", ")}`,
    received: `"${name}"`,
    advice: "Install a model with: patchbay add PATH.",
  });
}
