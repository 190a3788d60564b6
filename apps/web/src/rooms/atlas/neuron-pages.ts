/**
 * A long list of neurons, fetched in pages as they come into view. The pages of one question are kept; another question
 * starts afresh and cancels what is on its way.
 */
import type { NeuronList, NeuronListQuery, NeuronRow } from "@patchbay/contract";
import { useCallback, useEffect, useRef, useState } from "react";
import { api, problemOf } from "../../shell/api.ts";
import type { ProblemFacts } from "../../shell/ui/ErrorState.tsx";
import { findStretch, type Stretch } from "./stretch.ts";

const PAGE = 100;
const KEPT_PAGES = 60;

export interface NeuronPages {
  readonly status: "pending" | "ready" | "failed";
  readonly problem: ProblemFacts | undefined;
  readonly total: number;
  rowAt(index: number): NeuronRow | undefined;
  showWindow(first: number, last: number): void;
  reload(): void;
}

interface Question {
  readonly control: AbortController;
  readonly pages: Map<number, readonly NeuronRow[] | "coming">;
  stretch: Stretch | undefined;
}

/** `range` are values of the sort's measure; only rows inside it are in the list. */
export function useNeuronPages(
  model: string | undefined,
  query: NeuronListQuery,
  range: readonly [number, number] | undefined,
): NeuronPages {
  const key = JSON.stringify([model, query, range]);
  const question = useRef<Question | undefined>(undefined);
  const inView = useRef({ first: 0, last: 0 });
  const [attempt, setAttempt] = useState(0);
  const [state, setState] = useState<{ status: NeuronPages["status"]; problem?: ProblemFacts; total: number }>({
    status: "pending",
    total: 0,
  });
  const [, repaint] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for model, query and range
  const fetchPage = useCallback(
    async (asked: Question, page: number) => {
      if (model === undefined || asked.control.signal.aborted || asked.pages.has(page)) return;
      asked.pages.set(page, "coming");
      const { signal } = asked.control;
      const load = (offset: number, limit: number): Promise<NeuronList> =>
        api.listNeurons({ params: { model }, query: { ...query, offset, limit }, signal });
      try {
        asked.stretch ??= await findStretch(load, query, range);
        const { first, last } = asked.stretch;
        const offset = first + page * PAGE;
        const limit = Math.min(PAGE, last - offset);
        const rows = limit > 0 ? (await load(offset, limit)).rows : [];
        if (signal.aborted) return;
        asked.pages.set(page, rows);
        forgetFarPages(asked.pages, page);
        setState({ status: "ready", total: last - first });
        repaint((count) => count + 1);
      } catch (error) {
        if (signal.aborted) return;
        asked.pages.delete(page);
        setState({ status: "failed", problem: problemOf(error), total: 0 });
      }
    },
    [key],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the question; attempt asks again
  useEffect(() => {
    const asked: Question = { control: new AbortController(), pages: new Map(), stretch: undefined };
    question.current = asked;
    setState(({ total }) => ({ status: "pending", total }));
    // The first page says how long the list is; then come those in view.
    void fetchPage(asked, 0).then(() => fetchWindow(asked, inView.current, fetchPage));
    return () => asked.control.abort();
  }, [key, attempt]);

  const showWindow = useCallback(
    (first: number, last: number) => {
      inView.current = { first, last };
      if (question.current !== undefined) fetchWindow(question.current, inView.current, fetchPage);
    },
    [fetchPage],
  );

  return {
    status: state.status,
    problem: state.problem,
    total: state.total,
    rowAt: (index) => {
      const page = question.current?.pages.get(Math.floor(index / PAGE));
      return page === "coming" ? undefined : page?.[index % PAGE];
    },
    showWindow,
    reload: useCallback(() => setAttempt((count) => count + 1), []),
  };
}

function fetchWindow(
  asked: Question,
  { first, last }: { readonly first: number; readonly last: number },
  fetchPage: (asked: Question, page: number) => Promise<void>,
): void {
  if (asked.stretch === undefined || asked.control.signal.aborted) return;
  const end = Math.min(last, asked.stretch.last - asked.stretch.first);
  for (let page = Math.floor(first / PAGE); page * PAGE < end; page++) void fetchPage(asked, page);
}

function forgetFarPages(pages: Question["pages"], near: number): void {
  for (const page of pages.keys()) {
    if (pages.size <= KEPT_PAGES) return;
    if (Math.abs(page - near) > KEPT_PAGES / 2 && pages.get(page) !== "coming") pages.delete(page);
  }
}
