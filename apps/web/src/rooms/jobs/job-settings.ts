/** What a job was asked for, in a few words. */
import type { JobRequest, TrainingRequest } from "@patchbay/contract";
import { formatCount } from "../../shell/ui/format-number.ts";
import { simulatorName } from "../dictionaries/simulator-form.ts";

export function jobSettings(request: JobRequest): string {
  return settingsOf(request)
    .filter((part) => part !== undefined)
    .join(" · ");
}

function settingsOf(request: JobRequest): (string | undefined)[] {
  switch (request.kind) {
    case "specialised-neurons":
      return [
        request.place,
        request.multiple === undefined ? undefined : `${request.multiple} × maximum`,
        request.prompt === undefined ? undefined : `“${request.prompt}”`,
      ];
    case "dictionary-quality":
      return [namesIn(request.dictionaries), tokensIn(request.tokens)];
    case "unit-index":
      return [namesIn(request.sources), request.corpus];
    case "train-dictionary":
      return trainingSettings(request);
    case "dark-matter":
      return [request.dictionary, request.wider && `beside ${request.wider}`, tokensIn(request.tokens)];
    case "rewrite":
      return [
        request.dictionary,
        `${simulatorName(request.simulator.kind)} simulator`,
        request.features === undefined ? undefined : `${formatCount(request.features.length)} features`,
        request.fraction === undefined ? undefined : `${Number((request.fraction * 100).toPrecision(3))} % of features`,
      ];
    default:
      return [];
  }
}

function trainingSettings({ set, targets, tokens }: TrainingRequest): (string | undefined)[] {
  const [first] = targets;
  return [
    targets.length === 1 ? first?.name : (set ?? `${targets.length} dictionaries`),
    targets.length > 1 && set !== undefined ? `${targets.length} dictionaries` : undefined,
    first && `${formatCount(first.features)} features`,
    tokensIn(tokens),
  ];
}

function namesIn(names: readonly string[] | undefined): string | undefined {
  if (names === undefined) return undefined;
  return names.length <= 2 ? names.join(", ") : `${names.length} chosen`;
}

function tokensIn(tokens: number | undefined): string | undefined {
  return tokens === undefined ? undefined : `${formatCount(tokens)} tokens`;
}

/** Whether two requests ask for the same, whatever the order of their names. */
export function sameRequest(one: unknown, other: unknown): boolean {
  return canonical(one) === canonical(other);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
