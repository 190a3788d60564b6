import styles from "./ui.module.css";

const SYMBOLS: Readonly<Record<string, string>> = {
  enter: "⏎",
  shift: "⇧",
  escape: "Esc",
  arrowup: "↑",
  arrowdown: "↓",
  arrowleft: "←",
  arrowright: "→",
  alt: "Alt",
  backspace: "⌫",
  "-": "−",
};

/** Keys as commands write them: "mod+enter". */
export function Kbd({ keys }: { readonly keys: string }) {
  const parts = keys
    .split(/(?<=.)\+/)
    .map((part) => (part === "mod" ? modifier() : (SYMBOLS[part] ?? part.toUpperCase())));
  return <kbd className={styles.kbd}>{parts.join(" ")}</kbd>;
}

function modifier(): string {
  const mac = typeof navigator !== "undefined" && /mac|iphone|ipad/i.test(navigator.userAgent);
  return mac ? "⌘" : "Ctrl";
}
