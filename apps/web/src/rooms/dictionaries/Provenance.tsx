import type { DictionaryPage } from "@patchbay/contract";
import { copyText } from "../../shell/clipboard.ts";
import { Button } from "../../shell/ui/Button.tsx";
import common from "../common/common.module.css";
import { Section } from "../common/Section.tsx";

export function Provenance({ page }: { readonly page: DictionaryPage }) {
  const { format, address, notes } = page.source;
  return (
    <Section title="Origin" aside={page.bundled ? "comes with Patchbay" : undefined}>
      <dl className={common.facts}>
        <dt>format</dt>
        <dd>{format}</dd>
        <dt>from</dt>
        <dd>{address ?? "not stated"}</dd>
        <dt>licence</dt>
        <dd>{page.licence ?? "not stated"}</dd>
        <dt>reads</dt>
        <dd>
          <code>{page.inputSite}</code>
        </dd>
        <dt>writes</dt>
        <dd>
          <code>{page.outputSites.join(", ")}</code>
        </dd>
        <dt>hash</dt>
        <dd className="mono">
          {page.hash}{" "}
          <Button kind="bare" onClick={() => void copyText(page.hash, "Hash")}>
            Copy
          </Button>
        </dd>
        {notes.map((note, i) => (
          <div key={note} style={{ display: "contents" }}>
            <dt>{i === 0 ? "notes" : ""}</dt>
            <dd>{note}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
