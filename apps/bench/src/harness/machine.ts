/** What the figures were measured on. */
import os from "node:os";
import { runtimeVersion } from "@patchbay/runtime";

export function machineFacts(): string[] {
  const [processor] = os.cpus();
  const [oneMinute = 0] = os.loadavg();
  return [
    `${processor?.model.trim() ?? "unknown processor"}, ${os.availableParallelism()} processors, ${gigabytes(os.totalmem())} of memory`,
    `${os.platform()} ${os.arch()}, Node ${process.versions.node}, ${runtimeVersion()}, ${os.availableParallelism()} threads`,
    `load when started: ${oneMinute.toFixed(1)} (other work on the machine widens the spread; ratios compare within a round)`,
  ];
}

/** The process's resident memory now, and the most it ever had, in bytes. */
export function residentMemory(): { now: number; peak: number } {
  return { now: process.memoryUsage.rss(), peak: process.resourceUsage().maxRSS * 1024 };
}

export function gigabytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GB`;
}

export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MB`;
}
