import type { SnapshotRequest } from "@patchbay/contract";
import { Button } from "../../shell/ui/Button.tsx";
import { Popover } from "../../shell/ui/Popover.tsx";
import { ShareForm } from "../common/ShareForm.tsx";
import { storeFinding } from "../common/store-finding.ts";

export type SweepPart = SnapshotRequest["parts"][number];

/** A finding of what is on the screen: computed again by the server, kept, replayable. */
export function ShareSweep({ part, title }: { readonly part: SweepPart | undefined; readonly title: string }) {
  return (
    <Popover
      label="Share"
      align="end"
      trigger={(trigger) => (
        <Button
          title={part === undefined ? "Run it first" : "Store as a finding"}
          disabled={part === undefined}
          {...trigger}
        >
          Share
        </Button>
      )}
    >
      {(close) =>
        part === undefined ? null : (
          <ShareForm
            suggestion={title}
            about="Computed again by the server and kept."
            close={close}
            store={(words, signal) => storeFinding("sweeps", words, [part], signal)}
          />
        )
      }
    </Popover>
  );
}
