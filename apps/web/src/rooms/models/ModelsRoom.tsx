"use client";
/** The installed models: what each is, what it holds in memory, and every place in it that can be read or written. */
import { useEffect } from "react";
import { refreshModels, useModels } from "../../shell/models.ts";
import { Room } from "../../shell/Room.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { Skeleton } from "../../shell/ui/Skeleton.tsx";
import { ProgressBar } from "../common/ProgressBar.tsx";
import { AddModel } from "./AddModel.tsx";
import { ModelCard } from "./ModelCard.tsx";
import styles from "./Models.module.css";

export function ModelsRoom() {
  const { status, models, setup, problem } = useModels();
  // Memory in use changes with every run elsewhere.
  useEffect(() => void refreshModels(), []);
  return (
    <Room title="Models">
      <div className={styles.page}>
        {status === "loading" && <Skeleton height={240} />}
        {status === "failed" && problem !== undefined && models.length === 0 && <ErrorState problem={problem} />}
        {status === "installing" && setup !== undefined && (
          <div className={styles.installing} aria-live="polite">
            <p>{setup.message}</p>
            <ProgressBar value={setup.progress} label="Installing the bundled model" />
          </div>
        )}
        {models.map((model) => (
          <ModelCard key={model.hash} model={model} />
        ))}
        {status !== "loading" && <AddModel />}
      </div>
    </Room>
  );
}
