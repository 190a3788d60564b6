"use client";

import { Suspense, useState } from "react";
import { RoomOutlet } from "../rooms/registry.tsx";
import { CommandPalette } from "./CommandPalette.tsx";
import { useCommandKeys } from "./commands.ts";
import { ErrorBoundary } from "./ErrorBoundary.tsx";
import { KeyboardHelp } from "./KeyboardHelp.tsx";
import { useRoute } from "./location.ts";
import { useModelsPolling } from "./models.ts";
import { Rail } from "./Rail.tsx";
import { RoomSkeleton } from "./RoomSkeleton.tsx";
import styles from "./Shell.module.css";
import { Toasts } from "./Toasts.tsx";
import { useShellCommands } from "./use-shell-commands.ts";

export function Workbench() {
  const route = useRoute();
  const [overlay, setOverlay] = useState<"palette" | "help" | undefined>(undefined);
  useModelsPolling();
  useCommandKeys();
  useShellCommands(setOverlay);
  return (
    <div className={styles.shell}>
      <a href="#content" className={styles.skip}>
        Skip to the content
      </a>
      <Rail route={route} />
      {route === undefined ? (
        <RoomSkeleton />
      ) : (
        <ErrorBoundary resetKey={JSON.stringify(route)}>
          <Suspense fallback={<RoomSkeleton />}>
            <RoomOutlet route={route} />
          </Suspense>
        </ErrorBoundary>
      )}
      {overlay === "palette" && <CommandPalette close={() => setOverlay(undefined)} />}
      {overlay === "help" && <KeyboardHelp close={() => setOverlay(undefined)} />}
      <Toasts />
    </div>
  );
}
