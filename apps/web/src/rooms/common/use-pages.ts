/** A long list fetched in pages as they come into view. Another question starts afresh and cancels what is on its way. */
import { useCallback, useEffect, useRef, useState } from "react";
import { problemOf } from "../../shell/api.ts";
import type { ProblemFacts } from "../../shell/ui/ErrorState.tsx";

export interface Page<Row> {
  readonly total: number;
  readonly rows: readonly Row[];
}

export interface Pages<Row> {
  readonly status: "idle" | "pending" | "ready" | "failed";
  readonly problem: ProblemFacts | undefined;
  readonly total: number;
  /** undefined while the row is on its way. */
  rowAt(index: number): Row | undefined;
  /** Rows from `first` to `last` (exclusive) are in view. */
  showWindow(first: number, last: number): void;
  reload(): void;
}

const PAGE = 100;

interface Question<Row> {
  readonly control: AbortController;
  readonly pages: Map<number, readonly Row[] | "coming">;
}

/** @param key names the question; undefined asks for nothing. */
export function usePages<Row>(
  key: string | undefined,
  load: (offset: number, limit: number, signal: AbortSignal) => Promise<Page<Row>>,
): Pages<Row> {
  const question = useRef<Question<Row> | undefined>(undefined);
  const inView = useRef({ first: 0, last: 0 });
  const latest = useRef(load);
  latest.current = load;
  const [attempt, setAttempt] = useState(0);
  const [state, setState] = useState<Pick<Pages<Row>, "status" | "problem" | "total">>({
    status: "idle",
    problem: undefined,
    total: 0,
  });
  const [, repaint] = useState(0);

  const fetchPage = useCallback(async (asked: Question<Row>, page: number) => {
    if (asked.control.signal.aborted || asked.pages.has(page)) return;
    asked.pages.set(page, "coming");
    try {
      const { total, rows } = await latest.current(page * PAGE, PAGE, asked.control.signal);
      if (asked.control.signal.aborted) return;
      asked.pages.set(page, rows);
      setState({ status: "ready", problem: undefined, total });
      repaint((count) => count + 1);
    } catch (error) {
      if (asked.control.signal.aborted) return;
      asked.pages.delete(page);
      setState({ status: "failed", problem: problemOf(error), total: 0 });
    }
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the question; attempt asks again
  useEffect(() => {
    if (key === undefined) {
      question.current = undefined;
      setState({ status: "idle", problem: undefined, total: 0 });
      return undefined;
    }
    const asked: Question<Row> = { control: new AbortController(), pages: new Map() };
    question.current = asked;
    setState(({ total }) => ({ status: "pending", problem: undefined, total }));
    void fetchPage(asked, 0);
    return () => asked.control.abort();
  }, [key, attempt, fetchPage]);

  const showWindow = useCallback(
    (first: number, last: number) => {
      inView.current = { first, last };
      const asked = question.current;
      // The first page says how long the list is.
      if (asked === undefined || asked.pages.get(0) === "coming") return;
      for (let page = Math.floor(first / PAGE); page * PAGE < last; page++) void fetchPage(asked, page);
    },
    [fetchPage],
  );

  return {
    ...state,
    rowAt: (index) => {
      const page = question.current?.pages.get(Math.floor(index / PAGE));
      return page === "coming" ? undefined : page?.[index % PAGE];
    },
    showWindow,
    reload: useCallback(() => setAttempt((count) => count + 1), []),
  };
}
