/** The text of a request to a checked request; every complaint names the place in the request. */
import { RunRequest } from "@patchbay/contract";
import { jsonErrorPosition } from "@patchbay/server";
import { PatchbayError } from "@patchbay/vocabulary";

export function parseRunRequest(text: string): RunRequest {
  const parsed = RunRequest.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const [first, ...more] = parsed.error.issues;
  const others = more.length === 0 ? "" : ` (and ${more.length} more)`;
  const at = first?.path.map(String).join("/") ?? "";
  throw new PatchbayError(
    "invalid-request",
    `The request is not valid: ${first?.message ?? "unknown issue"}${others}.`,
    {
      ...(at === "" ? {} : { at }),
      advice: "`patchbay run --help` shows a whole request; /api-docs of a running server describes every field.",
    },
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const { line, column, offset, expected } = jsonErrorPosition(text);
    throw new PatchbayError("malformed-json", `The request is not JSON at line ${line}, column ${column}.`, {
      expected,
      received: JSON.stringify(text.slice(offset, offset + 20)),
      advice: "Check quotes, commas and brackets.",
      cause,
    });
  }
}
