/** The name on the rail of the room in which a finding was made. */
export function roomTitle(room: string): string {
  const titles: Readonly<Record<string, string>> = {
    trace: "Trace",
    neuron: "Neuron",
    feature: "Feature",
    atlas: "Atlas",
    circuits: "Circuits",
    sweeps: "Sweeps",
    decompose: "Decompose",
  };
  return titles[room] ?? room;
}
