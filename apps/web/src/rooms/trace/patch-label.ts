import { describeSite, SITES, type SiteKind } from "@patchbay/vocabulary";
import { isDictionarySite, type Patch } from "@patchbay/workbench-state";

/** Where a patch enters, as the field writes it: "L5·N732", "L4·H2 z", "L3 resid_post", "transcoder-2·F45". */
export function patchLabel({ site, units }: Pick<Patch, "site" | "units">): string {
  if (isDictionarySite(site)) return units === undefined ? site.dictionary : `${site.dictionary}·F${shortList(units)}`;
  const layer = site.layer === undefined ? "" : `L${site.layer}`;
  const { unitAxis } = describeSite(site.kind);
  const short = site.kind.replace(/^.*hook_/, "");
  if (units === undefined) return `${layer} ${site.kind.replace("hook_", "")}`.trim();
  const names = shortList(units);
  if (unitAxis === "neuron") return `${layer}·N${names}${site.kind === "mlp.hook_post" ? "" : ` ${short}`}`;
  if (unitAxis === "head" || unitAxis === "key_value_head") return `${layer}·H${names} ${short}`;
  return `${layer} ${site.kind.replace("hook_", "")}[${names}]`.trim();
}

function shortList(units: readonly number[]): string {
  return units.length > 2 ? `${units.slice(0, 2).join(",")},… (${units.length})` : units.join(",");
}

export interface PlaceChoice {
  readonly kind: SiteKind;
  readonly name: string;
}

/** The places that the editor offers, by what their units are. */
export function placeChoices(gated: boolean): { readonly group: string; readonly choices: PlaceChoice[] }[] {
  const choice = (kind: SiteKind, name: string): PlaceChoice => ({ kind, name });
  return [
    {
      group: "Neurons",
      choices: [
        choice("mlp.hook_post", gated ? "activation (gate × up)" : "activation"),
        choice("mlp.hook_pre", gated ? "gate, before its activation function" : "pre-activation"),
        ...(gated ? [choice("mlp.hook_pre_linear", "up projection")] : []),
      ],
    },
    {
      group: "Heads",
      choices: [
        choice("attn.hook_z", "output (z)"),
        choice("attn.hook_pattern", "attention pattern"),
        choice("attn.hook_q", "queries"),
        choice("attn.hook_k", "keys"),
        choice("attn.hook_v", "values"),
      ],
    },
    {
      group: "Residual stream",
      choices: [
        choice("hook_resid_pre", "before the block"),
        choice("hook_resid_mid", "between attention and MLP"),
        choice("hook_resid_post", "after the block"),
        choice("hook_attn_out", "what attention adds"),
        choice("hook_mlp_out", "what the MLP adds"),
        choice("hook_embed", "token embedding"),
      ],
    },
  ];
}

/** How many units a place has in a model, and what they are called. */
export function unitsOfPlace(
  kind: SiteKind,
  model: {
    readonly heads: number;
    readonly keyValueHeads: number;
    readonly neuronsPerLayer: number;
    readonly residualWidth: number;
  },
): { readonly count: number; readonly name: string } {
  switch (SITES[kind].unitAxis) {
    case "neuron":
      return { count: model.neuronsPerLayer, name: "Neurons" };
    case "head":
      return { count: model.heads, name: "Heads" };
    case "key_value_head":
      return { count: model.keyValueHeads, name: "Key-value heads" };
    default:
      return { count: model.residualWidth, name: "Dimensions" };
  }
}

/** "3, 17, 20-23" as indices; undefined when it is not that, or beyond `count`. */
export function readUnits(text: string, count: number): number[] | undefined {
  const units: number[] = [];
  for (const part of text.split(",").map((piece) => piece.trim())) {
    const range = /^(\d+)(?:\s*[-–]\s*(\d+))?$/.exec(part);
    if (range === null) return undefined;
    const [first, last] = [Number(range[1]), Number(range[2] ?? range[1])];
    if (last < first || last >= count || units.length + last - first > 256) return undefined;
    for (let unit = first; unit <= last; unit++) units.push(unit);
  }
  return [...new Set(units)];
}
