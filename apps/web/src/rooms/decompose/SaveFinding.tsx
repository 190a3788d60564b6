import type { SnapshotRequest } from "@patchbay/contract";
import { Button } from "../../shell/ui/Button.tsx";
import { Popover } from "../../shell/ui/Popover.tsx";
import { ShareForm } from "../common/ShareForm.tsx";
import { storeFinding } from "../common/store-finding.ts";

/** Stores what is shown as a finding: the server computes it again and keeps request, numbers and recipe. */
export function SaveFinding({ title, parts }: { readonly title: string; readonly parts: SnapshotRequest["parts"] }) {
  return (
    <Popover
      label="Save finding"
      align="end"
      trigger={(trigger) => (
        <Button id="save-finding" {...trigger}>
          Save finding
        </Button>
      )}
    >
      {(close) => (
        <ShareForm
          suggestion={title}
          about="The server computes it again and keeps request, numbers and recipe."
          close={close}
          store={(words, signal) => storeFinding("decompose", words, parts, signal)}
        />
      )}
    </Popover>
  );
}
