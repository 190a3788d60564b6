/** `patchbay doctor`: every check in turn, one line each, and what to do where something is wrong. */
import { bundledModel } from "../doctor/bundled-model.ts";
import type { Check, CheckContext, Finding, Verdict } from "../doctor/check.ts";
import { dataFolder, diskSpace } from "../doctor/data-folder.ts";
import { nodeVersion } from "../doctor/node-version.ts";
import { port } from "../doctor/port.ts";
import { runtime } from "../doctor/runtime.ts";
import { store } from "../doctor/store.ts";
import { workbench } from "../doctor/workbench.ts";
import { resolveHome } from "../home.ts";

const CHECKS: readonly Check[] = [nodeVersion, runtime, dataFolder, diskSpace, bundledModel, store, workbench, port];

export interface DoctorOptions {
  readonly home?: string;
  readonly port: number;
  readonly json?: boolean;
}

/** @returns 1 when a check failed; warnings are not failures. */
export async function doctor({ home, port: wantedPort, json = false }: DoctorOptions): Promise<number> {
  const context: CheckContext = { home: resolveHome(home), port: wantedPort };
  const findings: (Finding & { name: string })[] = [];
  for (const check of CHECKS) {
    const finding = { name: check.name, ...(await runCheck(check, context)) };
    findings.push(finding);
    if (!json) process.stdout.write(formatFinding(finding));
  }
  if (json) process.stdout.write(`${JSON.stringify(findings, undefined, 2)}\n`);
  else process.stdout.write(`\n${summary(findings)}\n`);
  return findings.some(({ verdict }) => verdict === "failure") ? 1 : 0;
}

/** A check that breaks is a finding too. */
export async function runCheck(check: Check, context: CheckContext): Promise<Finding> {
  try {
    return await check.run(context);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { verdict: "failure", detail, advice: "This check itself broke; please report it." };
  }
}

const MARKS: Readonly<Record<Verdict, string>> = { ok: "ok     ", warning: "warning", failure: "FAIL   " };

export function formatFinding({ name, verdict, detail, advice }: Finding & { name: string }): string {
  const line = `${MARKS[verdict]}  ${name.padEnd(13)} ${detail}\n`;
  return advice === undefined ? line : `${line}${" ".repeat(23)}→ ${advice}\n`;
}

function summary(findings: readonly Finding[]): string {
  const failures = findings.filter(({ verdict }) => verdict === "failure").length;
  const warnings = findings.filter(({ verdict }) => verdict === "warning").length;
  if (failures > 0) return `${failures} of ${findings.length} checks failed.`;
  return warnings > 0 ? `Works, with ${warnings} ${warnings === 1 ? "warning" : "warnings"}.` : "All is well.";
}
