import { pathOfRoute, type RoomName, type Route } from "@patchbay/workbench-state";
import { ICONS, Mark } from "./icons.tsx";
import { Link } from "./Link.tsx";
import { useLastTracePath } from "./last-trace.ts";
import { useDefaultModel } from "./models.ts";
import styles from "./Shell.module.css";
import { ThemeToggle } from "./ThemeToggle.tsx";

/** The rooms. Each name is the whole label; the atlas opens at the model in the address, or at the first. */
export function Rail({ route }: { readonly route: Route | undefined }) {
  const fallback = useDefaultModel()?.name;
  const tracePath = useLastTracePath();
  const model = route !== undefined && "model" in route ? route.model : fallback;
  const entries: { label: string; icon: keyof typeof ICONS; to: Route; rooms: RoomName[] }[] = [
    { label: "Trace", icon: "trace", to: { room: "trace" }, rooms: ["trace"] },
    ...(model === undefined
      ? []
      : [
          {
            label: "Atlas",
            icon: "atlas" as const,
            to: { room: "atlas" as const, model },
            rooms: ["atlas" as const, "neuron" as const],
          },
        ]),
    { label: "Sweeps", icon: "sweeps", to: { room: "sweeps" }, rooms: ["sweeps"] },
    { label: "Circuits", icon: "circuits", to: { room: "circuits" }, rooms: ["circuits"] },
    {
      label: "Decompose",
      icon: "decompose",
      to: { room: "decompose", part: "tokens" },
      rooms: ["decompose", "circuit"],
    },
    {
      label: "Dictionaries",
      icon: "features",
      to: { room: "dictionaries" },
      rooms: ["dictionaries", "dictionary", "dictionary-comparison", "dictionary-training", "feature"],
    },
    { label: "Search", icon: "search", to: { room: "search" }, rooms: ["search"] },
    { label: "Findings", icon: "findings", to: { room: "findings" }, rooms: ["findings", "finding"] },
    { label: "Models", icon: "models", to: { room: "models" }, rooms: ["models"] },
    { label: "Jobs", icon: "jobs", to: { room: "jobs" }, rooms: ["jobs"] },
    { label: "API", icon: "api", to: { room: "api" }, rooms: ["api"] },
  ];
  return (
    <nav className={styles.rail} aria-label="Rooms">
      <Link href="/" className={styles.mark} aria-label="Patchbay: Trace" title="Patchbay">
        <Mark />
      </Link>
      {entries.map(({ label, icon, to, rooms }) => (
        <Link
          key={label}
          href={to.room === "trace" ? tracePath : pathOfRoute(to)}
          className={styles.railEntry}
          aria-current={route !== undefined && rooms.includes(route.room) ? "page" : undefined}
        >
          {ICONS[icon]}
          {label}
        </Link>
      ))}
      <span className={styles.railSpace} />
      <ThemeToggle />
    </nav>
  );
}
