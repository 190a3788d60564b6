/** What can be done with patches, from wherever it is done. Each is one step: "back" undoes it. */
import { type Comparison, nextCable, type Patch, type TraceStore } from "@patchbay/workbench-state";

export type PatchDraft = Omit<Patch, "cable" | "muted">;

/** A new patch is heard at once: where the room showed "before", it now shows what changed. */
export function addPatch(store: TraceStore, draft: PatchDraft): void {
  store.update(
    ({ patches, compare }) => ({
      patches: [...patches, { ...draft, cable: nextCable(patches), muted: false }],
      compare: patches.length === 0 && compare === "before" ? ("after" satisfies Comparison) : compare,
    }),
    { step: true },
  );
}

export function changePatch(store: TraceStore, cable: string, change: Partial<Patch>, step = true): void {
  store.update(
    ({ patches }) => ({ patches: patches.map((patch) => (patch.cable === cable ? { ...patch, ...change } : patch)) }),
    { step },
  );
}

export function removePatch(store: TraceStore, cable: string): void {
  store.update(({ patches }) => ({ patches: patches.filter((patch) => patch.cable !== cable) }), { step: true });
}

/** Order matters: later patches see what earlier ones wrote. */
export function movePatch(store: TraceStore, cable: string, by: -1 | 1): void {
  store.update(
    ({ patches }) => {
      const from = patches.findIndex((patch) => patch.cable === cable);
      const to = Math.max(0, Math.min(patches.length - 1, from + by));
      const moved = patches[from];
      return moved === undefined ? {} : { patches: patches.toSpliced(from, 1).toSpliced(to, 0, moved) };
    },
    { step: true },
  );
}

/** All on, or, where all are on, all off. */
export function toggleMute(store: TraceStore): void {
  store.update(
    ({ patches }) => {
      const mute = patches.some(({ muted }) => !muted);
      return { patches: patches.map((patch) => ({ ...patch, muted: mute })) };
    },
    { step: true },
  );
}

export function neuronPatch(layer: number, neuron: number, value: number): PatchDraft {
  return {
    site: { kind: "mlp.hook_post", layer },
    units: [neuron],
    operation: { op: "set", value, unit: "absolute" },
    positions: "all",
  };
}

/** A feature without what the dictionary does not explain: that stays. */
export function featurePatchDraft(dictionary: string, layer: number, feature: number): PatchDraft {
  return {
    site: { dictionary, layer, error: "keep" },
    units: [feature],
    operation: { op: "zero" },
    positions: "all",
  };
}

/** What a row's jack offers. */
export function rowPatches(
  layer: number,
  leadingNeuron: number | undefined,
): { readonly title: string; readonly note: string; readonly patch: PatchDraft }[] {
  const whole = { units: undefined, positions: "all" as const };
  if (layer < 0) {
    const site = { kind: "hook_embed" } as const;
    return [
      {
        title: "Scale the embedding",
        note: "× 0.5",
        patch: { ...whole, site, operation: { op: "scale", value: 0.5 } },
      },
      { title: "Zero the embedding", note: "= 0", patch: { ...whole, site, operation: { op: "zero" } } },
      {
        title: "Take it from another prompt",
        note: "replace",
        patch: { ...whole, site, operation: { op: "replace", text: "" } },
      },
    ];
  }
  const neuron = leadingNeuron ?? 0;
  return [
    {
      title: `Neuron ${neuron}`,
      note: leadingNeuron === undefined ? "set to 0" : "largest here, set to 0",
      patch: neuronPatch(layer, neuron, 0),
    },
    {
      title: "One head",
      note: "H0, zero its output",
      patch: { ...whole, site: { kind: "attn.hook_z", layer }, units: [0], operation: { op: "zero" } },
    },
    {
      title: "All of attention",
      note: "zero what it adds",
      patch: { ...whole, site: { kind: "hook_attn_out", layer }, operation: { op: "zero" } },
    },
    {
      title: "All of the MLP",
      note: "zero what it adds",
      patch: { ...whole, site: { kind: "hook_mlp_out", layer }, operation: { op: "zero" } },
    },
    {
      title: "Residual stream from another prompt",
      note: "replace",
      patch: { ...whole, site: { kind: "hook_resid_post", layer }, operation: { op: "replace", text: "" } },
    },
    {
      title: "Scale the residual stream",
      note: "× 0.5",
      patch: { ...whole, site: { kind: "hook_resid_post", layer }, operation: { op: "scale", value: 0.5 } },
    },
  ];
}
