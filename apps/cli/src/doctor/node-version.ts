import { manifest } from "../manifest.ts";
import { type Check, failure, ok } from "./check.ts";

export const nodeVersion: Check = {
  name: "Node",
  async run() {
    const detail = `${process.versions.node}, ${process.platform} ${process.arch}`;
    const oldest = manifest().engines.node.replace(">=", "");
    if (isAtLeast(process.versions.node, oldest)) return ok(detail);
    return failure(detail, `Install Node ${oldest} or newer.`);
  },
};

/** Compares major and minor: isAtLeast("20.19.4", "20.19"). */
export function isAtLeast(version: string, oldest: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldest.split(".").map(Number);
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}
