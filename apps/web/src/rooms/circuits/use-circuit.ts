/** The open graph: of the prompt in the address, of a stored document, or of a file that was opened here. */
import { type CircuitGraph, indexEdges } from "@patchbay/circuit-graph";
import type { AskProgress, GraphResult, ModelSummary } from "@patchbay/contract";
import { type CircuitsStore, type CircuitsView, circuitRequest, NO_ANNOTATIONS } from "@patchbay/workbench-state";
import { useCallback, useEffect, useState } from "react";
import { api, problemOf } from "../../shell/api.ts";
import type { ProblemFacts } from "../../shell/ui/ErrorState.tsx";
import { useQuestion } from "../common/use-question.ts";
import type { OpenCircuit } from "./circuits-context.tsx";
import { type CircuitClient, TaskError } from "./engine/circuit-client.ts";

export interface CircuitLoading {
  readonly status: "idle" | "pending" | "ready" | "failed" | "cancelled";
  /** Stays while another one comes. */
  readonly circuit: OpenCircuit | undefined;
  readonly progress: AskProgress | undefined;
  /** The file that is being read, or that was refused: what is done again is done with it. */
  readonly file: File | undefined;
  readonly problem: ProblemFacts | undefined;
  cancel(): void;
  reload(): void;
  openFile(file: File): void;
}

/** Answers of this visit, so that going back does not ask again. */
const answers = new Map<string, GraphResult>();
const KEPT = 6;
/** Above it a document that says nothing about thresholds is opened pruned. */
const MOST_UNPRUNED = 3000;

export function useCircuit(
  store: CircuitsStore,
  view: Pick<CircuitsView, "graph" | "prompt" | "target" | "dictionaries" | "features" | "keep" | "prependBos">,
  model: ModelSummary | undefined,
  client: CircuitClient | undefined,
): CircuitLoading {
  const question = useQuestion("attributionGraph");
  const [circuit, setCircuit] = useState<OpenCircuit>();
  const [status, setStatus] = useState<CircuitLoading["status"]>("idle");
  const [problem, setProblem] = useState<ProblemFacts>();
  const [attempt, setAttempt] = useState(0);
  const [file, setFile] = useState<File>();
  const key =
    view.graph !== undefined
      ? `graph ${view.graph}`
      : model === undefined || view.prompt === ""
        ? undefined
        : `prompt ${model.hash} ${JSON.stringify(circuitRequest(view, model.name, view.prompt))}`;

  const show = useCallback(
    (opened: OpenCircuit) => {
      setCircuit(opened);
      setStatus("ready");
      setFile(undefined);
      if (!store.getState().annotated) store.begin(annotationsOf(opened));
    },
    [store],
  );
  const fail = useCallback((error: unknown) => {
    setStatus("failed");
    setProblem(error instanceof TaskError ? error.failure : problemOf(error));
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the question; attempt asks again
  useEffect(() => {
    if (key === undefined || client === undefined) return undefined;
    const control = new AbortController();
    setStatus("pending");
    setProblem(undefined);
    setFile(undefined);
    const load = async () => {
      const found = await (view.graph !== undefined ? storedGraph(view.graph, control.signal) : promptGraph());
      if (found === undefined || control.signal.aborted) return;
      await client.ask("load", { graph: found.graph });
      if (!control.signal.aborted) show(opened(`${key} ${attempt}`, found));
    };
    const promptGraph = async () => {
      const known = answers.get(key);
      const answer = known ?? (await question.ask(circuitRequest(view, model?.name ?? "", view.prompt)));
      if (answer === undefined) return undefined;
      answers.delete(key);
      answers.set(key, answer);
      for (const [old] of answers) if (answers.size > KEPT) answers.delete(old);
      return {
        graph: documentOf(answer.graph),
        from: "prompt" as const,
        facts: answer.facts,
        factorPaths: answer.factorPaths,
      };
    };
    load().catch((error: unknown) => {
      if (!control.signal.aborted) fail(error);
    });
    return () => {
      control.abort();
      question.cancel();
    };
  }, [key, client, attempt]);

  const openFile = useCallback(
    (file: File) => {
      if (client === undefined) return;
      question.cancel();
      setStatus("pending");
      setProblem(undefined);
      setFile(file);
      client.ask("open", { file }).then(({ graph, notices }) => {
        store.update({ chosen: [] });
        store.begin(NO_ANNOTATIONS);
        show(opened(`file ${file.name} ${file.lastModified} ${file.size}`, { graph, from: "file", notices }));
      }, fail);
    },
    [client, question.cancel, show, fail, store],
  );
  const asked = question.state;
  const shownStatus =
    status === "pending" && (asked.status === "failed" || asked.status === "cancelled") && view.graph === undefined
      ? asked.status
      : status;
  return {
    status: shownStatus,
    circuit,
    progress: asked.status === "pending" ? asked.progress : undefined,
    problem: problem ?? (asked.status === "failed" ? asked.problem : undefined),
    cancel: question.cancel,
    file,
    reload: () => {
      if (file !== undefined) {
        openFile(file);
        return;
      }
      if (key !== undefined) answers.delete(key);
      setAttempt((count) => count + 1);
    },
    openFile,
  };
}

interface Found {
  readonly graph: CircuitGraph;
  readonly from: OpenCircuit["from"];
  readonly facts?: OpenCircuit["facts"];
  readonly factorPaths?: OpenCircuit["factorPaths"];
  readonly notices?: readonly string[];
}

async function storedGraph(id: string, signal: AbortSignal): Promise<Found> {
  const document = await api.getGraph({ params: { id }, signal });
  return { graph: documentOf(document), from: "stored" };
}

/** On the wire it is the same document; the contract's schema is looser about what files may hold. */
export function documentOf(document: unknown): CircuitGraph {
  return document as CircuitGraph;
}

export function opened(key: string, { graph, from, facts, factorPaths, notices = [] }: Found): OpenCircuit {
  return {
    key,
    graph,
    from,
    facts,
    factorPaths,
    notices,
    index: indexEdges(graph),
    placeOf: new Map(graph.nodes.map(({ id }, place) => [id, place])),
  };
}

/** What the document says of its own view; where it says nothing of thresholds, small graphs are shown whole. */
function annotationsOf({ graph, from }: OpenCircuit) {
  const { thresholds } = graph.view;
  const silent = thresholds.node === null && thresholds.edge === null;
  const usual = from === "prompt" || (silent && graph.nodes.length > MOST_UNPRUNED);
  return { ...graph.view, thresholds: usual ? NO_ANNOTATIONS.thresholds : thresholds };
}
