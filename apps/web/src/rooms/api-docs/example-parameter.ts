/** A value that works on a fresh install for a parameter of an address; empty where only the reader can know. */
export function exampleParameter(name: string, model: string): string {
  const examples: Readonly<Record<string, string>> = { model, layer: "2", neuron: "17", query: "ball", token: " the" };
  return examples[name] ?? "";
}
