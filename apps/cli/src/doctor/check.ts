/** A check of the installation: what it looks at, what it found, what to do. */

export type Verdict = "ok" | "warning" | "failure";

export interface Finding {
  readonly verdict: Verdict;
  /** What was found, in a few words. */
  readonly detail: string;
  /** What to do; absent when all is well. */
  readonly advice?: string;
}

export interface CheckContext {
  /** The data folder, absolute. */
  readonly home: string;
  readonly port: number;
}

export interface Check {
  readonly name: string;
  run(context: CheckContext): Promise<Finding>;
}

export function ok(detail: string): Finding {
  return { verdict: "ok", detail };
}

export function warning(detail: string, advice: string): Finding {
  return { verdict: "warning", detail, advice };
}

export function failure(detail: string, advice: string): Finding {
  return { verdict: "failure", detail, advice };
}
