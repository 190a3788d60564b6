import type { ButtonHTMLAttributes } from "react";
import styles from "./ui.module.css";

/** `primary` once a screen; `plain` has a border; `bare` is for rows and bars. */
export function Button({
  kind = "plain",
  className,
  type = "button",
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { readonly kind?: "primary" | "plain" | "bare" }) {
  return (
    <button type={type} className={[styles.button, className].filter(Boolean).join(" ")} data-kind={kind} {...rest} />
  );
}
