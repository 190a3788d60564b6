import { pathOfRoute } from "@patchbay/workbench-state";
import { useCommands } from "./commands.ts";
import { navigate } from "./location.ts";
import { useDefaultModel } from "./models.ts";
import { chooseTheme } from "./theme.ts";

/** What can be done in every room. */
export function useShellCommands(setOverlay: (overlay: "palette" | "help" | undefined) => void): void {
  const model = useDefaultModel()?.name;
  const go = (path: string) => () => navigate(path);
  useCommands([
    {
      id: "palette",
      title: "Search and commands",
      group: "Everywhere",
      keys: ["mod+k"],
      inFields: true,
      hidden: true,
      run: () => setOverlay("palette"),
    },
    { id: "help", title: "Keyboard help", group: "Everywhere", keys: ["?"], run: () => setOverlay("help") },
    { id: "go-trace", title: "Go to Trace", group: "Rooms", run: go("/") },
    ...(model === undefined
      ? []
      : [{ id: "go-atlas", title: "Go to Atlas", group: "Rooms", run: go(pathOfRoute({ room: "atlas", model })) }]),
    { id: "go-sweeps", title: "Go to Sweeps: patching, ablation, edges", group: "Rooms", run: go("/sweeps") },
    { id: "go-circuits", title: "Go to Circuits: attribution graphs", group: "Rooms", run: go("/circuits") },
    {
      id: "go-decompose",
      title: "Go to Decompose: exact shares of tokens and sets",
      group: "Rooms",
      run: go("/decompose"),
    },
    {
      id: "go-observables",
      title: "Go to Observables: what a difference of tokens reads",
      group: "Rooms",
      run: go("/decompose/observables"),
    },
    { id: "go-facts", title: "Go to Facts: subject, movers, answer", group: "Rooms", run: go("/decompose/facts") },
    {
      id: "go-saved-circuits",
      title: "Go to saved circuits: evaluate and compare",
      group: "Rooms",
      run: go("/decompose/circuits"),
    },
    { id: "go-search", title: "Search units: neurons and features", group: "Rooms", run: go("/search") },
    { id: "go-dictionaries", title: "Go to Dictionaries", group: "Rooms", run: go("/dictionaries") },
    { id: "go-findings", title: "Go to Findings", group: "Rooms", run: go("/findings") },
    { id: "go-models", title: "Go to Models", group: "Rooms", run: go("/models") },
    { id: "go-jobs", title: "Go to Jobs", group: "Rooms", run: go("/jobs") },
    { id: "go-api", title: "Go to API", group: "Rooms", run: go("/api-docs") },
    { id: "theme-light", title: "Theme: light", group: "Everywhere", run: () => chooseTheme("light") },
    { id: "theme-dark", title: "Theme: dark", group: "Everywhere", run: () => chooseTheme("dark") },
    { id: "theme-system", title: "Theme: as the system", group: "Everywhere", run: () => chooseTheme("system") },
  ]);
}
