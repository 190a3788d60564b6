/** Makes a finding's document: the server computes every number itself and names the whole by its content. */
import type { ModelService } from "@patchbay/analysis";
import type { Snapshot, SnapshotPart, SnapshotRequest } from "@patchbay/contract";
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import { contentId } from "../content-hash.ts";
import type { ModelDirectory } from "../services.ts";
import { isTiming } from "./compare-numbers.ts";
import { checkPart, type PartRequest } from "./compute-part.ts";

type SnapshotContent = Omit<Snapshot, "id" | "createdAt">;

export async function composeSnapshot(
  { title = "", note = "", view, parts }: SnapshotRequest,
  models: ModelDirectory,
  compute: (model: ModelService, part: PartRequest) => Promise<SnapshotPart["result"]>,
): Promise<{ id: string; summary: object; document: object }> {
  const checked = parts.map(({ role, kind, request }, index) => ({
    role,
    ...checkPart(kind, request, `request of part ${index}`),
  }));
  const name = oneModel(checked.map(({ request }) => request.model));
  const model = await models.get(name);

  const computed: SnapshotPart[] = [];
  for (const part of checked) {
    const result = await compute(model, part);
    computed.push({ role: part.role, kind: part.kind, request: part.request, result });
  }
  const [first] = computed;
  const { engine } = ensureDefined(first, "the first part").result.recipe;
  const summary = { title, note, view, model: name, modelHash: model.hash, engine };
  const document: SnapshotContent = { ...summary, parts: computed };
  return { id: contentId(withoutTimes(document)), summary, document };
}

/** Two computations of the same numbers are the same finding, however long each took. */
function withoutTimes(document: SnapshotContent): unknown {
  return JSON.parse(JSON.stringify(document, (key, value: unknown) => (isTiming(key) ? undefined : value)));
}

function oneModel(names: readonly string[]): string {
  const [first = ""] = names;
  const other = names.findIndex((name) => name !== first);
  if (other < 0) return first;
  throw new PatchbayError("invalid-request", "A finding is about one model.", {
    expected: `"${first}" in every part`,
    received: `"${names[other]}"`,
    at: `parts/${other}/request/model`,
  });
}
