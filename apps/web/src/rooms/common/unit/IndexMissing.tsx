import type { ModelSummary } from "@patchbay/contract";
import { JobStarter } from "../JobStarter.tsx";
import { Section } from "../Section.tsx";

/** In place of what a unit does on text, while the index does not cover its source. */
export function IndexMissing({ model, onDone }: { readonly model: ModelSummary; onDone(): void }) {
  return (
    <Section title="On text">
      <p className="quiet" style={{ marginBottom: 8 }}>
        The unit index does not cover this source yet: it reads a corpus once and keeps, for every unit, examples,
        density and histogram.
      </p>
      <JobStarter kind="unit-index" model={model.name} title="Build the unit index" onDone={onDone} />
    </Section>
  );
}
