/** For `assert.rejects`: a failure with this code whose message says this. */
import { PatchbayError } from "@patchbay/vocabulary";

export function failure(code: string, message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof PatchbayError && error.code === code && message.test(error.message);
}
