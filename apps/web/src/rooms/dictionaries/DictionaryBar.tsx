import type { DictionaryPage } from "@patchbay/contract";
import type { DictionaryPart } from "@patchbay/workbench-state";
import { useCommands } from "../../shell/commands.ts";
import { Link } from "../../shell/Link.tsx";
import { navigate } from "../../shell/location.ts";
import { Button } from "../../shell/ui/Button.tsx";
import { Kbd } from "../../shell/ui/Kbd.tsx";
import ui from "../../shell/ui/ui.module.css";
import styles from "./Dictionaries.module.css";
import type { DictionaryAddresses } from "./dictionary-address.ts";

const PARTS: readonly { readonly part: DictionaryPart; readonly title: string; readonly hint: string }[] = [
  { part: "overview", title: "Overview", hint: "metrics, densities, recipe, origin" },
  { part: "dark-matter", title: "Dark matter", hint: "the error taken apart: linear, nonlinear, where it is blind" },
  { part: "rewriting", title: "Rewriting", hint: "labels in place of features: is it better than zeros?" },
];

export function DictionaryBar({
  name,
  part,
  page,
  to,
}: {
  readonly name: string;
  readonly part: DictionaryPart;
  readonly page: DictionaryPage | undefined;
  readonly to: DictionaryAddresses;
}) {
  const random = () => {
    if (page !== undefined) navigate(to.feature(name, Math.floor(Math.random() * page.features)));
  };
  const partner = page?.seeds[0];
  useCommands([
    {
      id: "dictionary-features",
      title: "Its features",
      group: "Dictionary",
      keys: ["f"],
      run: () => navigate(to.units(name)),
    },
    { id: "dictionary-random", title: "Random feature", group: "Dictionary", keys: ["r"], run: random },
    {
      id: "dictionary-compare",
      title: "Compare",
      group: "Dictionary",
      keys: ["c"],
      run: () => navigate(to.compare(name, partner)),
    },
  ]);
  return (
    <>
      <Link href={to.list()} className={styles.crumb}>
        Dictionaries
      </Link>
      <span className="quiet" aria-hidden="true">
        /
      </span>
      <h1 className={styles.label}>{name}</h1>
      <nav className={styles.tabs} aria-label="Parts of this dictionary">
        {PARTS.map((entry) => (
          <Link
            key={entry.part}
            href={to.page(name, entry.part)}
            title={entry.hint}
            aria-current={entry.part === part ? "page" : undefined}
          >
            {entry.title}
          </Link>
        ))}
      </nav>
      <span className={styles.space} />
      <Button kind="bare" onClick={random} disabled={page === undefined} title="A random feature of this dictionary">
        random feature <Kbd keys="r" />
      </Button>
      <Link href={to.compare(name, partner)} className={ui.button} data-kind="plain">
        Compare
      </Link>
      <Link href={to.units(name)} className={ui.button} data-kind="plain">
        Features
      </Link>
    </>
  );
}
