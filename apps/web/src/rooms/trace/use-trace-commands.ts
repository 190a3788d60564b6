import type { ModelSummary } from "@patchbay/contract";
import { interventionsOf } from "@patchbay/workbench-state";
import { useCommands } from "../../shell/commands.ts";
import { addPatch, neuronPatch, removePatch, toggleMute } from "./patch-actions.ts";
import { useTraceStore, useView } from "./trace-context.tsx";
import type { TraceData } from "./use-trace-data.ts";

/** What can be done in the Trace room, by key and in the palette. */
export function useTraceCommands({ data, model }: { readonly data: TraceData; readonly model: ModelSummary }): void {
  const store = useTraceStore();
  const view = useView();
  const patched = interventionsOf(view.patches, "run").length > 0;
  const group = "Trace";
  const focus = (selector: string) => document.querySelector<HTMLElement>(selector)?.focus();
  const lastPatch = view.patches.at(-1);
  useCommands([
    { id: "trace-prompt", title: "Edit the prompt", group, keys: ["/"], run: () => focus("#prompt") },
    { id: "trace-run", title: "Run the prompt again", group, keys: ["mod+enter"], run: data.reload },
    {
      id: "trace-cancel",
      title: "Cancel what is running",
      group,
      keys: ["escape"],
      run: () => {
        data.cancel();
        window.dispatchEvent(new Event("patchbay:cancel"));
      },
    },
    {
      id: "trace-grid",
      title: "Walk the grid (arrows, Home, End)",
      group,
      keys: ["g"],
      run: () => focus("[data-cell-grid]"),
    },
    {
      id: "trace-lens",
      title: "Logit lens",
      group,
      keys: ["1"],
      run: () => store.update({ panel: "lens" }, { step: true }),
    },
    {
      id: "trace-attention",
      title: "Attention",
      group,
      keys: ["2"],
      run: () => store.update({ panel: "attention" }, { step: true }),
    },
    {
      id: "trace-contributions",
      title: "Contributions",
      group,
      keys: ["3"],
      run: () => store.update({ panel: "contributions" }, { step: true }),
    },
    {
      id: "trace-features",
      title: "Features",
      group,
      keys: ["4"],
      run: () => store.update({ panel: "features" }, { step: true }),
    },
    {
      id: "trace-patch",
      title: "Patch the largest neuron at the selected place",
      group,
      keys: ["p"],
      run: () => {
        const layer = data.layer ?? model.layers - 1;
        addPatch(store, neuronPatch(layer, data.detailBefore?.results.ledger?.updates[0]?.neuron ?? 0, 0));
      },
    },
    { id: "trace-mute", title: "Mute or unmute all patches", group, keys: ["m"], run: () => toggleMute(store) },
    {
      id: "trace-remove",
      title: "Remove the last patch",
      group,
      keys: ["backspace"],
      run: () => lastPatch !== undefined && removePatch(store, lastPatch.cable),
    },
    {
      id: "trace-difference",
      title: "Before, after, difference",
      group,
      keys: ["d"],
      run: () => {
        const next = { before: "after", after: "difference", difference: "before" } as const;
        if (patched) store.update({ compare: next[view.compare] });
      },
    },
    {
      id: "trace-measure",
      title: "Next measure: probability, rank, KL, entropy",
      group,
      keys: ["c"],
      run: () => {
        const next = { probability: "rank", rank: "kl", kl: "entropy", entropy: "probability" } as const;
        store.update({ measure: next[view.measure] });
      },
    },
    {
      id: "trace-norm",
      title: "Apply or leave out the final norm",
      group,
      run: () => store.update({ norm: view.norm === "final" ? "none" : "final" }, { step: true }),
    },
    {
      id: "trace-share",
      title: "Share this view",
      group,
      keys: ["s"],
      run: () => document.getElementById("share")?.click(),
    },
  ]);
}
