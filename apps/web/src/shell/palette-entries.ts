/** What the palette offers for what was typed: commands, a neuron by its label, models, tokens. */
import type { ModelSummary, VocabularySearch } from "@patchbay/contract";
import { neuronLabel, parseNeuronLabel } from "@patchbay/vocabulary";
import { type Command, circuitsPath, pathOfRoute, sweepsPath, tracePath } from "@patchbay/workbench-state";
import { visibleToken } from "./ui/token-text.ts";

export interface PaletteEntry {
  readonly id: string;
  readonly group: string;
  readonly title: string;
  readonly note?: string;
  readonly keys?: string;
  readonly monospace?: boolean;
  readonly path?: string;
  run?(): void;
}

export function paletteEntries(
  query: string,
  commands: readonly Command[],
  model: ModelSummary | undefined,
  tokens: VocabularySearch["tokens"],
  /** Undefined while they are looked up: what stands below them waits, so that nothing moves under the choice. */
  pieces: VocabularySearch["tokens"] | undefined,
): PaletteEntry[] {
  return [
    ...neuronEntries(query, model),
    ...commandEntries(query, commands),
    ...tokenEntries("Neurons that write a token", model, tokens),
    ...tokenEntries(`“${query.trim()}” is no single token; neurons that write its pieces`, model, pieces ?? []),
    ...(pieces === undefined ? [] : [...unitEntries(query, model), ...promptEntries(query, model)]),
  ];
}

/** Whatever was typed can be asked of the units; a single token has better entries above. */
function unitEntries(query: string, model: ModelSummary | undefined): PaletteEntry[] {
  const text = query.trim();
  if (text === "" || model === undefined || parseNeuronLabel(text) !== undefined) return [];
  const path = (mode: string, name: string) =>
    `/search?${new URLSearchParams({ model: model.name, mode, [name]: text })}`;
  return [
    { id: "units-by-text", group: "Search", title: `Units that fire on “${text}”`, path: path("text", "text") },
    { id: "units-by-label", group: "Search", title: `Units whose label holds “${text}”`, path: path("label", "label") },
  ];
}

/** Whatever was typed can be run; last, so that it is never chosen in place of something found. */
function promptEntries(query: string, model: ModelSummary | undefined): PaletteEntry[] {
  const prompt = query.trim();
  if (prompt === "" || model === undefined || parseNeuronLabel(prompt) !== undefined) return [];
  const path = tracePath({ model: model.name, prompt });
  const graph = circuitsPath({ model: model.name, prompt });
  return [
    { id: "prompt-graph", group: "Circuits", title: `Attribution graph of “${prompt}”`, note: model.name, path: graph },
    {
      id: "prompt-sweep",
      group: "Sweeps",
      title: `Ablate every head on “${prompt}”`,
      note: model.name,
      path: sweepsPath({
        model: model.name,
        prompt,
        setup: "ablation",
        metric: { kind: "loss" },
        panels: [{ site: "z", by: ["layer", "head"], window: 1, groups: "" }],
      }),
    },
    { id: "prompt", group: "Trace", title: `Run “${prompt}” as the prompt`, note: model.name, path },
  ];
}

function neuronEntries(query: string, model: ModelSummary | undefined): PaletteEntry[] {
  const address = parseNeuronLabel(query);
  if (address === undefined || model === undefined) return [];
  if (address.layer >= model.layers || address.neuron >= model.neuronsPerLayer) return [];
  const path = pathOfRoute({ room: "neuron", model: model.name, ...address });
  return [{ id: "neuron", group: "Neuron", title: neuronLabel(address), note: model.name, monospace: true, path }];
}

function commandEntries(query: string, commands: readonly Command[]): PaletteEntry[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return commands
    .filter(({ hidden, title, group }) => {
      const text = `${title} ${group}`.toLowerCase();
      return hidden !== true && words.every((word) => text.includes(word));
    })
    .map(({ id, group, title, keys, run }) => ({
      id,
      group,
      title,
      run,
      ...(keys?.[0] === undefined ? {} : { keys: keys[0] }),
    }));
}

function tokenEntries(
  group: string,
  model: ModelSummary | undefined,
  tokens: VocabularySearch["tokens"],
): PaletteEntry[] {
  if (model === undefined) return [];
  const atlas = pathOfRoute({ room: "atlas", model: model.name });
  return tokens.map(({ id, text, special }) => ({
    id: `token-${id}`,
    group,
    title: visibleToken(text, special),
    note: `token ${id}`,
    monospace: true,
    path: `${atlas}?token=${encodeURIComponent(special === true || text.trim() === "" ? `#${id}` : text)}`,
  }));
}
