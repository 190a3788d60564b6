import { randomBytes } from "node:crypto";

/** Short enough to read aloud, long enough to find one line in a log. */
export function newRequestId(): string {
  return randomBytes(6).toString("hex");
}
