/** What the facts page asks, as its address has it. */
import type { FactPrompt, FactTraceRequest } from "@patchbay/contract";
import { numberIn, type QueryChange } from "../../common/query.ts";
import { readWord } from "../parts-text.ts";

export interface FactsView {
  /** One prompt a line: text | subject | answer [| topic]. */
  readonly lines: string;
  readonly movers: number;
  readonly random: number;
  readonly asked: boolean;
}

const FIRST = "The queen was sad because | queen | she\nThe king was sad because | king | he";

type Get = (name: string) => string | undefined;

export function readFactsView(get: Get): FactsView {
  const within = (name: string, usual: number, low: number, high: number) => {
    const value = numberIn(get(name));
    return value !== undefined && Number.isInteger(value) && value >= low && value <= high ? value : usual;
  };
  return {
    lines: get("prompts") ?? FIRST,
    movers: within("movers", 3, 1, 64),
    random: within("random", 16, 0, 256),
    asked: get("asked") === "yes",
  };
}

export function writeFactsView(view: FactsView): QueryChange {
  return {
    prompts: view.lines,
    movers: view.movers === 3 ? undefined : String(view.movers),
    random: view.random === 16 ? undefined : String(view.random),
    asked: view.asked ? "yes" : undefined,
  };
}

export interface FactLines {
  readonly prompts: readonly FactPrompt[];
  /** Why the lines cannot be asked. */
  readonly problem: string | undefined;
}

/**
 * Cells are divided by "|" or by a tab (as a spreadsheet copies them). An answer follows the prompt, so a word without a
 * leading space gets one; "#365" is a token's id, and a leading "^" keeps the text exactly as it is.
 */
export function readFactLines(lines: string): FactLines {
  const prompts: FactPrompt[] = [];
  for (const [i, line] of lines.split("\n").entries()) {
    if (line.trim() === "") continue;
    const [text = "", subject = "", answer = "", topic = "", ...rest] = line.split(/\||\t/).map((cell) => cell.trim());
    const wanted = readWord(answer);
    if (text === "" || subject === "" || wanted === undefined || rest.length > 0)
      return { prompts: [], problem: `Line ${i + 1}: write prompt | subject | answer.` };
    if (!text.includes(subject))
      return { prompts: [], problem: `Line ${i + 1}: the prompt does not contain “${subject}”.` };
    const about = readWord(topic);
    prompts.push({ text, subject, answer: wanted, ...(about === undefined ? {} : { topic: about }) });
  }
  if (prompts.length === 0) return { prompts, problem: "Write at least one line." };
  return prompts.length > 256 ? { prompts: [], problem: "At most 256 prompts." } : { prompts, problem: undefined };
}

export function factsRequest(model: string, view: FactsView): FactTraceRequest | undefined {
  const { prompts, problem } = readFactLines(view.lines);
  if (problem !== undefined) return undefined;
  return { model, prompts: [...prompts], movers: view.movers, random: view.random };
}
