import { API_PREFIX } from "@patchbay/contract";

/** A run as a command for a shell. Single quotes hold everything but themselves. */
export function curlOf(origin: string, request: unknown): string {
  const body = JSON.stringify(request).replaceAll("'", "'\\''");
  return `curl -s ${origin}${API_PREFIX}/runs -H 'content-type: application/json' -d '${body}'`;
}
