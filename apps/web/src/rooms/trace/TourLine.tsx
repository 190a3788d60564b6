import { FIRST_VIEW, pathOfRoute } from "@patchbay/workbench-state";
import { useState } from "react";
import { Link } from "../../shell/Link.tsx";
import { Button } from "../../shell/ui/Button.tsx";
import { useTour } from "../common/use-tour.ts";
import styles from "./Trace.module.css";
import { useView } from "./trace-context.tsx";

const DISMISSED_KEY = "patchbay:tour-dismissed";

/** The way into the findings that come with Patchbay, on the first page until it is sent away. */
export function TourLine() {
  const { prompt, patches } = useView();
  const [wanted, setWanted] = useState(() => localStorage.getItem(DISMISSED_KEY) === null);
  const tour = useTour();
  if (!wanted || prompt !== FIRST_VIEW.prompt || patches.length > 0 || tour.length === 0) return null;
  return (
    <nav className={styles.tour} aria-label="Tour">
      <span className="section-title">Start here</span>
      <ol>
        {tour.map(({ id, title }) => (
          <li key={id}>
            <Link href={pathOfRoute({ room: "finding", id })}>{title}</Link>
          </li>
        ))}
      </ol>
      <Button
        kind="bare"
        onClick={() => {
          localStorage.setItem(DISMISSED_KEY, "yes");
          setWanted(false);
        }}
      >
        Dismiss
      </Button>
    </nav>
  );
}
