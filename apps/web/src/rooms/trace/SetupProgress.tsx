import type { Setup } from "../../shell/models.ts";
import styles from "./Trace.module.css";

/** The first start: the bundled model is being fetched and converted. */
export function SetupProgress({ setup }: { readonly setup: Setup }) {
  const percent = Math.round(setup.progress * 100);
  return (
    <div className={styles.setup}>
      <h2>Installing the bundled model</h2>
      <div
        className={styles.setupTrack}
        role="progressbar"
        aria-label="Installation"
        aria-valuenow={percent}
        aria-valuemin={0}
        aria-valuemax={100}
      >
        <i style={{ width: `${percent}%` }} />
      </div>
      <p role="status">
        {setup.message} <span className="quiet">{percent} %</span>
      </p>
      <p className="quiet">This happens once. The page opens by itself when the model is ready.</p>
    </div>
  );
}
