import { Link } from "../../shell/Link.tsx";
import { showToast } from "../../shell/toasts.ts";

/** Says that a finding is stored, and leads to it; its link is on the clipboard where the browser allows that. */
export async function offerFinding(path: string): Promise<void> {
  const url = window.location.origin + path;
  const copied = await navigator.clipboard?.writeText(url).then(
    () => true,
    () => false,
  );
  showToast(
    <>
      {copied === true ? "Shared; the link is copied. " : "Shared. "}
      <Link href={path}>Open the finding</Link>
    </>,
    "good",
  );
}
