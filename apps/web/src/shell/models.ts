/** The installed models and the server's first setup; the rail, the palette and every room ask here. */
import type { ModelSummary } from "@patchbay/contract";
import { useEffect } from "react";
import { useStore } from "zustand";
import { createStore } from "zustand/vanilla";
import { api, problemOf } from "./api.ts";
import type { ProblemFacts } from "./ui/ErrorState.tsx";

export interface Setup {
  readonly state: "ready" | "working" | "failed";
  readonly message: string;
  readonly progress: number;
}

export interface ModelsState {
  readonly status: "loading" | "installing" | "ready" | "failed";
  readonly models: readonly ModelSummary[];
  readonly engine: string | undefined;
  readonly setup: Setup | undefined;
  readonly problem: ProblemFacts | undefined;
}

const store = createStore<ModelsState>(() => ({
  status: "loading",
  models: [],
  engine: undefined,
  setup: undefined,
  problem: undefined,
}));

const POLL_MILLISECONDS = 800;
let polling = false;

export function useModels(): ModelsState {
  return useStore(store);
}

/** The model that a room without one in its address speaks about: the bundled one, or the first. */
export function useDefaultModel(): ModelSummary | undefined {
  return useModels().models[0];
}

export function useModel(name: string | undefined): ModelSummary | undefined {
  const { models } = useModels();
  return name === undefined ? models[0] : models.find((model) => model.name === name);
}

/** Asks again until the server has its models. Mounted once, by the shell. */
export function useModelsPolling(): void {
  useEffect(() => {
    void refreshModels();
  }, []);
}

export async function refreshModels(): Promise<void> {
  if (polling) return;
  polling = true;
  try {
    for (;;) {
      const { setup, engine } = await api.health();
      const { models } = await api.listModels();
      if (setup.state !== "working" || models.length > 0) {
        const status = models.length === 0 && setup.state === "failed" ? "failed" : "ready";
        const problem = status === "failed" ? setupProblem(setup) : undefined;
        store.setState({ status, models, engine, setup, problem }, true);
        return;
      }
      store.setState({ status: "installing", models, engine, setup, problem: undefined }, true);
      await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
    }
  } catch (error) {
    store.setState((before) => ({ ...before, status: "failed", problem: problemOf(error) }));
  } finally {
    polling = false;
  }
}

function setupProblem({ message }: Setup): ProblemFacts {
  return {
    title: "The bundled model could not be installed",
    detail: message,
    advice:
      'Check the network or proxy and start again with "npm start", or add a model of your own: npx patchbay add PATH.',
  };
}
