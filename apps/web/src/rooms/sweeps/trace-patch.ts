/** A cell of a sweep as patches of the Trace room, where Trace can do the same. */
import type { SweepPanel, SweepRequest } from "@patchbay/contract";
import type { Site, SiteKind } from "@patchbay/vocabulary";
import {
  nextCable,
  type Patch,
  type PatchOperation,
  type PatchPositions,
  type PatchSite,
  placeOnAxes,
  type ShownSweep,
  tracePath,
} from "@patchbay/workbench-state";

const KINDS: Readonly<Record<Exclude<SweepPanel["site"], "features">, readonly SiteKind[]>> = {
  resid_pre: ["hook_resid_pre"],
  resid_mid: ["hook_resid_mid"],
  resid_post: ["hook_resid_post"],
  attn_out: ["hook_attn_out"],
  mlp_out: ["hook_mlp_out"],
  layer: ["hook_attn_out", "hook_mlp_out"],
  q: ["attn.hook_q"],
  k: ["attn.hook_k"],
  v: ["attn.hook_v"],
  z: ["attn.hook_z"],
  pattern: ["attn.hook_pattern"],
  neurons: ["mlp.hook_post"],
};

export type TracePatch =
  | { readonly path: string; readonly why?: undefined }
  /** Why Trace has no such patch. */
  | { readonly path?: undefined; readonly why: string };

export function tracePatchOf(
  request: SweepRequest,
  sweep: ShownSweep,
  cell: { panel: number; index: number },
): TracePatch {
  const panel = request.panels[cell.panel];
  const shown = sweep.panels[cell.panel];
  if (panel === undefined || shown === undefined) return { why: "There is no such cell." };
  const { method, corrupted } = request;
  const indices = placeOnAxes(shown.axes, cell.index);
  const at = (name: string) => {
    const axis = shown.axes.findIndex((each) => each.name === name);
    return axis < 0 ? undefined : shown.axes[axis]?.values[indices[axis] ?? 0];
  };
  if (at("key") !== undefined) return { why: "Trace patches whole rows of a pattern, not single keys." };
  if (method.kind === "path") return { why: "Trace has no path patches: whatever reads the changed value would act." };
  if (corrupted?.kind === "noise") return { why: "Trace has no patch that disturbs embeddings." };
  if (method.kind === "ablation" && method.how === "resample")
    return { why: "A resampled value has no patch in Trace; zero and mean do." };
  if (panel.site === "features" && method.kind !== "ablation")
    return { why: "Trace sets features; it does not take them over from another prompt." };
  if (panel.site === "features" && method.kind === "ablation" && method.how === "mean")
    return { why: "Trace sets features to zero or to a value, not to their mean." };

  const clean = request.input.text;
  const other = corrupted?.kind === "prompt" ? corrupted.input.text : undefined;
  const denoising = method.kind === "patching" && method.direction === "denoise";
  const prompt = denoising ? other : clean;
  const source = denoising ? clean : other;
  if (prompt === undefined || (method.kind === "patching" && source === undefined))
    return { why: "The prompt was given as tokens." };

  const position = at("position");
  let positions: PatchPositions = position === undefined ? "all" : [position];
  if (method.kind === "patching") {
    const { clean: cleanTokens, corrupted: otherTokens } = sweep.tokens;
    const lengths = [cleanTokens.length, otherTokens?.length ?? 0];
    const pairs = (sweep.alignment ?? []).map(([a, b]) => (denoising ? [b, a] : [a, b]));
    const straight = pairs.filter(([own, theirs]) => own === theirs).map(([own]) => own ?? 0);
    if (position === undefined) {
      if (straight.length < pairs.length) return { why: "Trace pairs positions by number; these prompts are shifted." };
      positions = straight;
    } else if (!straight.includes(position)) {
      const pair = pairs.find(([own]) => own === position);
      const [ownLength = 0, theirLength = 0] = denoising ? lengths.toReversed() : lengths;
      if (position !== ownLength - 1 || pair?.[1] !== theirLength - 1)
        return { why: "Trace pairs positions by number; here the prompts are shifted." };
      positions = "last";
    }
  }
  const operation: PatchOperation =
    method.kind === "ablation"
      ? { op: method.how === "zero" ? "zero" : "mean" }
      : { op: "replace", text: source ?? "" };
  const patches: Patch[] = [];
  const add = (site: PatchSite, units: readonly number[] | undefined) =>
    patches.push({ cable: nextCable(patches), site, units, operation, positions, muted: false });
  for (const { site, units } of placesOf(panel, at, layersOf(panel, shown.axes, at("layer")))) add(site, units);
  if (patches.length === 0) return { why: "The layers of this cell are not known." };
  if (patches.length > 24) return { why: `This would be ${patches.length} patches.` };
  return {
    path: tracePath({
      model: request.model,
      prompt,
      ...(request.input.prependBos === undefined ? {} : { prependBos: request.input.prependBos }),
      patches,
      compare: "after",
      ...("token" in request.metric ? { pinned: request.metric.token } : {}),
      ...("minus" in request.metric ? { minus: request.metric.minus } : {}),
    }),
  };
}

/** Undefined layer: the panel takes every layer of its list together, which only a listed panel says. */
function layersOf(
  panel: SweepPanel,
  axes: ShownSweep["panels"][number]["axes"],
  layer: number | undefined,
): readonly number[] {
  if (layer === undefined) return panel.layers ?? [];
  const all = axes.find(({ name }) => name === "layer")?.values ?? [];
  const width = panel.window ?? 1;
  const first = layer - Math.floor((width - 1) / 2);
  const last = Math.max(...all);
  return Array.from({ length: width }, (_, i) => first + i).filter((each) => each >= 0 && each <= last);
}

function placesOf(
  panel: SweepPanel,
  at: (name: string) => number | undefined,
  layers: readonly number[],
): { site: PatchSite; units: readonly number[] | undefined }[] {
  const group = at("group");
  if (panel.groups !== undefined) {
    const members = (group === undefined ? panel.groups : [panel.groups[group]]).flatMap((each) => each?.members ?? []);
    return members.map(({ layer = 0, dictionary, units }) => ({
      site: dictionary === undefined ? { kind: "mlp.hook_post", layer } : { dictionary, layer, error: "keep" },
      units,
    }));
  }
  const head = at("head");
  if (panel.site === "features") return [];
  return layers.flatMap((layer) =>
    KINDS[panel.site as keyof typeof KINDS].map((kind): { site: Site; units: readonly number[] | undefined } => ({
      site: { kind, layer },
      units: head === undefined ? panel.heads : [head],
    })),
  );
}
