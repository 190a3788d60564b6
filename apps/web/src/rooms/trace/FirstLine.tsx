import { useEffect, useState } from "react";
import { Button } from "../../shell/ui/Button.tsx";
import styles from "./Trace.module.css";
import { useView } from "./trace-context.tsx";

const READ_KEY = "patchbay:first-line-read";

/** How to read the grid, until it is dismissed or the visitor has run a prompt of their own. */
export function FirstLine() {
  const { prompt, panel } = useView();
  const [first] = useState(prompt);
  const [wanted, setWanted] = useState(() => localStorage.getItem(READ_KEY) === null);
  const own = prompt !== first;
  useEffect(() => {
    if (own) localStorage.setItem(READ_KEY, "yes");
  }, [own]);
  if (!wanted || own || panel !== "lens") return null;
  return (
    <p className={styles.firstLine}>
      <span>
        Rows are layers, columns your prompt: a cell is the next token if the model stopped there. Click it to see why,
        a jack <i /> to change it.
      </span>
      <Button
        kind="bare"
        onClick={() => {
          localStorage.setItem(READ_KEY, "yes");
          setWanted(false);
        }}
      >
        Dismiss
      </Button>
    </p>
  );
}
