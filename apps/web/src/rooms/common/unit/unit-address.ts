/** A unit's name and its page, whichever kind it is. */
import type { UnitRow } from "@patchbay/contract";
import { neuronLabel } from "@patchbay/vocabulary";
import { pathOfRoute } from "@patchbay/workbench-state";
import { dictionaryAddresses } from "../../dictionaries/dictionary-address.ts";

export type UnitAddress = Pick<UnitRow, "source" | "unit" | "kind" | "layer">;

/** "L3N417", or "transcoder-3 F45". */
export function unitName({ source, unit, kind, layer }: UnitAddress): string {
  return kind === "neuron" ? neuronLabel({ layer, neuron: unit }) : `${source} F${unit}`;
}

/** @param model its name; @param usual the model that an address without a name means. */
export function unitPath({ source, unit, kind, layer }: UnitAddress, model: string, usual: string | undefined): string {
  return kind === "neuron"
    ? pathOfRoute({ room: "neuron", model, layer, neuron: unit })
    : dictionaryAddresses(model === usual ? undefined : model).feature(source, unit);
}
