/** File budget: more than 300 lines asks for an explanation, more than 600 is refused. */
import { readFileSync } from "node:fs";
import { ROOT } from "./paths.mjs";
import { listFiles } from "./workspaces.mjs";

const ASK = 300;
const REFUSE = 600;
/** A file that is one long table, or made by a program, says so in its head comment. */
const EXEMPT = /^\/\*[\s\S]{0,2000}?\b(table|generated)\b[\s\S]*?\*\//i;

/**
 * @param {string} [root]
 * @returns {{ problems: string[], warnings: string[] }}
 */
export function fileSizeFindings(root = ROOT) {
  /** @type {string[]} */
  const problems = [];
  /** @type {string[]} */
  const warnings = [];
  for (const file of ["packages", "apps", "notebooks"].flatMap((folder) =>
    listFiles(folder, /\.(ts|tsx|mjs|css)$/, root),
  )) {
    const text = readFileSync(`${root}/${file}`, "utf8");
    const lines = text.split("\n").length - 1;
    if (lines <= ASK) continue;
    if (lines > REFUSE && !EXEMPT.test(text))
      problems.push(`${file} has ${lines} lines; at most ${REFUSE}: split it by idea`);
    else warnings.push(`${file} has ${lines} lines; above ${ASK} it should be one idea still`);
  }
  return { problems, warnings };
}
