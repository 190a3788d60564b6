import type { FeaturePage } from "@patchbay/contract";
import type { Route } from "@patchbay/workbench-state";
import { type FormEvent, useRef, useState } from "react";
import { useCommands } from "../../shell/commands.ts";
import { Link } from "../../shell/Link.tsx";
import { navigate } from "../../shell/location.ts";
import { Button } from "../../shell/ui/Button.tsx";
import { Kbd } from "../../shell/ui/Kbd.tsx";
import type { Query } from "../common/query.ts";
import type { DictionaryAddresses } from "../dictionaries/dictionary-address.ts";
import styles from "../neuron/Neuron.module.css";
import { siblingPath } from "./sibling-path.ts";

/** Which feature this is, and the ways to others of its dictionary. The reader's text goes along. */
export function FeatureBar({
  route,
  page,
  query,
  to,
}: {
  readonly route: Extract<Route, { room: "feature" }>;
  readonly page: FeaturePage | undefined;
  readonly query: Query;
  readonly to: DictionaryAddresses;
}) {
  const jump = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState("");
  const [refused, setRefused] = useState(false);
  const count = page?.dictionary.features;
  const go = (feature: number | null | undefined) => {
    if (feature !== null && feature !== undefined) navigate(siblingPath(route.dictionary, feature, query.text));
  };
  const random = () => count !== undefined && go(Math.floor(Math.random() * count));
  useCommands([
    { id: "feature-previous", title: "Previous feature", group: "Feature", keys: ["["], run: () => go(page?.previous) },
    { id: "feature-next", title: "Next feature", group: "Feature", keys: ["]"], run: () => go(page?.next) },
    { id: "feature-random", title: "Random feature", group: "Feature", keys: ["r"], run: () => void random() },
    { id: "feature-jump", title: "Jump to a feature", group: "Feature", keys: ["/"], run: () => jump.current?.focus() },
  ]);
  const onJump = (event: FormEvent) => {
    event.preventDefault();
    const number = /^\s*f?(\d{1,9})\s*$/i.exec(typed)?.[1];
    const feature = number === undefined ? undefined : Number(number);
    const exists = feature !== undefined && count !== undefined && feature < count;
    setRefused(!exists);
    if (!exists) return;
    setTyped("");
    jump.current?.blur();
    go(feature);
  };
  return (
    <>
      <Link href={to.page(route.dictionary)} className={styles.crumb}>
        {route.dictionary}
      </Link>
      <span className="quiet" aria-hidden="true">
        /
      </span>
      <h1 className={styles.label}>F{route.feature}</h1>
      <span className={styles.walk}>
        <Button
          kind="bare"
          disabled={page === undefined || page.previous === null}
          onClick={() => go(page?.previous)}
          title="Previous feature"
        >
          previous <Kbd keys="[" />
        </Button>
        <Button
          kind="bare"
          disabled={page === undefined || page.next === null}
          onClick={() => go(page?.next)}
          title="Next feature"
        >
          next <Kbd keys="]" />
        </Button>
        <Button
          kind="bare"
          disabled={page === undefined}
          onClick={() => void random()}
          title="A random feature of the dictionary"
        >
          random <Kbd keys="r" />
        </Button>
      </span>
      <form onSubmit={onJump} className={styles.jump}>
        <input
          ref={jump}
          aria-label="Jump to a feature, by its number"
          aria-invalid={refused}
          placeholder="Jump to F417"
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            setRefused(false);
          }}
        />
        {refused && (
          <span role="alert" className={styles.refused}>
            {count === undefined ? "no such feature" : `F0 … F${count - 1}`}
          </span>
        )}
      </form>
      <span className={styles.spacer} />
      <span id="feature-actions" className={styles.actions} />
    </>
  );
}
