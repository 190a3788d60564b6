import { ExportMenu, type ExportMenuProps } from "@patchbay/charts/react";
import styles from "./Dictionaries.module.css";

/** The ways to save a figure, set off from the words before them. */
export function Exports(props: ExportMenuProps) {
  return (
    <span className={styles.exports}>
      <ExportMenu {...props} />
    </span>
  );
}
