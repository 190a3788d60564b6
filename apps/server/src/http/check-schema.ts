/** Checks a part of a request against its schema; what does not fit is told place by place. */
import type { z } from "zod";
import { InvalidRequest } from "./problem.ts";

type Issue = z.core.$ZodIssue;
interface Misfit {
  readonly at: string;
  readonly message: string;
  readonly expected?: string;
}

const SHOWN = 20;

export function checkSchema<Schema extends z.ZodType>(schema: Schema, value: unknown, where: string): z.output<Schema> {
  const outcome = schema.safeParse(value);
  if (outcome.success) return outcome.data;
  const misfits = outcome.error.issues.flatMap((issue) => misfitsOf(issue, []));
  const [first] = misfits;
  const place = first === undefined || first.at === "" ? `The ${where}` : `${first.at} in the ${where}`;
  const others = misfits.length > 1 ? ` So do ${misfits.length - 1} more; see errors.` : "";
  const received = first === undefined ? undefined : excerpt(valueAt(value, first.at));
  throw new InvalidRequest(
    `${place} does not fit: ${first?.message ?? "invalid"}.${others}`,
    misfits.slice(0, SHOWN).map(({ at, message }) => ({ at, message })),
    {
      ...(first?.expected === undefined ? {} : { expected: first.expected }),
      ...(received === undefined ? {} : { received }),
      ...(first === undefined ? {} : { at: first.at }),
      advice: "GET /api/v1/openapi.json describes every field.",
    },
  );
}

/** Of a union's branches, only the nearest is worth telling: the one that fits deepest, then the one with fewest misfits. */
function misfitsOf(issue: Issue, prefix: readonly PropertyKey[]): Misfit[] {
  const path = [...prefix, ...issue.path];
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const branches = issue.errors.map((issues) => issues.flatMap((inner) => misfitsOf(inner, path)));
    const depth = (branch: Misfit[]) => Math.max(...branch.map(({ at }) => at.split("/").length));
    const [nearest] = branches.toSorted((a, b) => depth(b) - depth(a) || a.length - b.length);
    const sameDepth = branches.every((branch) => nearest !== undefined && depth(branch) === depth(nearest));
    if (nearest !== undefined && !(sameDepth && nearest.length === 1)) return nearest;
    const alternatives = branches.flatMap((branch) => branch.map(({ message }) => message));
    return [{ at: path.join("/"), message: [...new Set(alternatives)].join("; or ") }];
  }
  const expected = expectationOf(issue);
  return [{ at: path.join("/"), message: messageOf(issue), ...(expected === undefined ? {} : { expected }) }];
}

function messageOf(issue: Issue): string {
  if (issue.code === "unrecognized_keys") return `unknown ${issue.keys.map((key) => `"${key}"`).join(", ")}`;
  return issue.message.replace(/^Invalid input: /, "").replace(/\.$/, "");
}

function expectationOf(issue: Issue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return `a value of type ${issue.expected}`;
    case "too_small":
      return `${issue.origin} ${issue.inclusive ? "at least" : "more than"} ${issue.minimum}`;
    case "too_big":
      return `${issue.origin} ${issue.inclusive ? "at most" : "less than"} ${issue.maximum}`;
    case "invalid_value":
      return `one of ${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
    default:
      return undefined;
  }
}

function valueAt(value: unknown, at: string): unknown {
  if (at === "") return value;
  return at.split("/").reduce<unknown>((parent, key) => {
    return typeof parent === "object" && parent !== null
      ? Object.getOwnPropertyDescriptor(parent, key)?.value
      : undefined;
  }, value);
}

function excerpt(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "number") return String(value);
  const text = JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}
