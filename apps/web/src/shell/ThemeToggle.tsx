import { ICONS } from "./icons.tsx";
import styles from "./Shell.module.css";
import { chooseTheme, type ThemeChoice, useThemeChoice } from "./theme.ts";

const NEXT: Readonly<Record<ThemeChoice, ThemeChoice>> = { system: "light", light: "dark", dark: "system" };
const LABEL: Readonly<Record<ThemeChoice, string>> = { system: "as the system", light: "light", dark: "dark" };
const ICON = { system: ICONS.system, light: ICONS.sun, dark: ICONS.moon } as const;

export function ThemeToggle() {
  const choice = useThemeChoice();
  return (
    <button
      type="button"
      className={styles.railEntry}
      title={`Theme: ${LABEL[choice]}. Change to ${LABEL[NEXT[choice]]}.`}
      aria-label={`Theme: ${LABEL[choice]}. Change to ${LABEL[NEXT[choice]]}.`}
      onClick={() => chooseTheme(NEXT[choice])}
    >
      {ICON[choice]}
      Theme
    </button>
  );
}
