/** Which unit a page shows, and the ways to others: previous, next, random, and a box to jump from. */
import { type FormEvent, type ReactNode, useRef, useState } from "react";
import { useCommands } from "../../../shell/commands.ts";
import { Link } from "../../../shell/Link.tsx";
import { Button } from "../../../shell/ui/Button.tsx";
import { Kbd } from "../../../shell/ui/Kbd.tsx";
import styles from "../../neuron/Neuron.module.css";

export interface UnitWays {
  /** "neuron" or "feature". */
  readonly word: string;
  readonly crumb: { readonly href: string; readonly text: string };
  readonly label: ReactNode;
  /** undefined where there is none, or the page is still to come. */
  readonly previous: (() => void) | undefined;
  readonly next: (() => void) | undefined;
  readonly random: (() => void) | undefined;
  /** Of what a random one is taken. */
  readonly whole: string;
  readonly jump: {
    readonly label: string;
    readonly placeholder: string;
    /** What could be typed instead. */
    readonly range: string;
    /** False where what was typed names no unit. */
    go(typed: string): boolean;
  };
}

export function UnitBar({ word, crumb, label, previous, next, random, whole, jump }: UnitWays) {
  const box = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState("");
  const [refused, setRefused] = useState(false);
  const group = `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
  useCommands([
    { id: `${word}-previous`, title: `Previous ${word}`, group, keys: ["["], run: () => previous?.() },
    { id: `${word}-next`, title: `Next ${word}`, group, keys: ["]"], run: () => next?.() },
    { id: `${word}-random`, title: `Random ${word}`, group, keys: ["r"], run: () => random?.() },
    { id: `${word}-jump`, title: `Jump to a ${word}`, group, keys: ["/"], run: () => box.current?.focus() },
  ]);
  const onJump = (event: FormEvent) => {
    event.preventDefault();
    const exists = jump.go(typed);
    setRefused(!exists);
    if (!exists) return;
    setTyped("");
    box.current?.blur();
  };
  return (
    <>
      <Link href={crumb.href} className={styles.crumb}>
        {crumb.text}
      </Link>
      <span className="quiet" aria-hidden="true">
        /
      </span>
      <h1 className={styles.label}>{label}</h1>
      <span className={styles.walk}>
        <Button kind="bare" disabled={previous === undefined} onClick={() => previous?.()} title={`Previous ${word}`}>
          previous <Kbd keys="[" />
        </Button>
        <Button kind="bare" disabled={next === undefined} onClick={() => next?.()} title={`Next ${word}`}>
          next <Kbd keys="]" />
        </Button>
        <Button
          kind="bare"
          disabled={random === undefined}
          onClick={() => random?.()}
          title={`A random ${word} of the ${whole}`}
        >
          random <Kbd keys="r" />
        </Button>
      </span>
      <form onSubmit={onJump} className={styles.jump}>
        <input
          ref={box}
          aria-label={jump.label}
          aria-invalid={refused}
          placeholder={jump.placeholder}
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            setRefused(false);
          }}
        />
        {refused && (
          <span role="alert" className={styles.refused}>
            {jump.range}
          </span>
        )}
      </form>
      <span className={styles.spacer} />
      <span id={`${word}-actions`} className={styles.actions} />
    </>
  );
}
