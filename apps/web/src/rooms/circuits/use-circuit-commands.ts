/** The room's keys, in the palette and on the help page too. */
import { useCommands } from "../../shell/commands.ts";
import { selectedNode, useCircuitRoom, useCircuitsView } from "./circuits-context.tsx";
import { group as groupChosen, togglePin } from "./edits.ts";

export function useCircuitCommands(): void {
  const { store, circuit, chosen, choose } = useCircuitRoom();
  const { annotations } = useCircuitsView();
  const selected = selectedNode(circuit, annotations)?.node;
  const ids = [...chosen].flatMap((place) => circuit.graph.nodes[place]?.id ?? []);
  const members = ids.length > 0 ? ids : selected === undefined ? [] : [selected.id];
  const group = "Circuits";
  const panel = (name: (typeof PANELS)[number]["value"]) => () => store.update({ panel: name });
  useCommands([
    {
      id: "circuit-pin",
      title: "Pin or unpin the selected node",
      group,
      keys: ["p"],
      run: () => selected !== undefined && togglePin(store, selected.id),
    },
    {
      id: "circuit-group",
      title: "Group the chosen nodes into a supernode",
      group,
      keys: ["g"],
      run: () => {
        const id = groupChosen(store, members, "");
        choose([]);
        // The new group's name is the next thing that anybody wants to type.
        if (id !== undefined)
          setTimeout(() => document.querySelector<HTMLInputElement>(`[data-supernode="${id}"] input`)?.focus(), 60);
      },
    },
    { id: "circuit-undo", title: "Undo", group, keys: ["mod+z"], run: store.undo },
    { id: "circuit-redo", title: "Do again", group, keys: ["mod+shift+z", "mod+y"], run: store.redo },
    {
      id: "circuit-figure",
      title: "Go to the graph",
      group,
      keys: ["/"],
      run: () => document.querySelector<HTMLElement>("[data-circuit], [data-virtual-table]")?.focus(),
    },
    ...PANELS.map(({ value, title, key }) => ({
      id: `circuit-${value}`,
      title,
      group,
      keys: [key],
      run: panel(value),
    })),
  ]);
}

const PANELS = [
  { value: "graph", title: "View: graph", key: "1" },
  { value: "nodes", title: "View: nodes as a list", key: "2" },
  { value: "edges", title: "View: edges as a list", key: "3" },
  { value: "compare", title: "View: side by side", key: "4" },
  { value: "check", title: "View: causal check", key: "5" },
] as const;
