import { showToast } from "./toasts.ts";

/** Copies and says so; where the browser forbids it, the text is shown to be copied by hand. */
export async function copyText(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    showToast(`${what} copied`);
  } catch (error) {
    if (!(error instanceof DOMException) && !(error instanceof TypeError)) throw error;
    showToast(`The browser does not allow copying here. ${what}: ${text.slice(0, 300)}`, "bad");
  }
}
