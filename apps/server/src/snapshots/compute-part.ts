import type { ModelService, WorkContext } from "@patchbay/analysis";
import { DoseResponseRequest, GenerationRequest, RunRequest, type SnapshotPart } from "@patchbay/contract";
import { checkSchema } from "../http/check-schema.ts";

export type PartRequest =
  | { readonly kind: "run"; readonly request: RunRequest }
  | { readonly kind: "generation"; readonly request: GenerationRequest }
  | { readonly kind: "dose-response"; readonly request: DoseResponseRequest };

/** The kind decides which request it is; the union in the schema only says that it is one of the three. */
export function checkPart(kind: SnapshotPart["kind"], request: unknown, where: string): PartRequest {
  switch (kind) {
    case "run":
      return { kind, request: checkSchema(RunRequest, request, where) };
    case "generation":
      return { kind, request: checkSchema(GenerationRequest, request, where) };
    case "dose-response":
      return { kind, request: checkSchema(DoseResponseRequest, request, where) };
  }
}

export async function computePart(
  model: ModelService,
  part: PartRequest,
  context: WorkContext,
): Promise<SnapshotPart["result"]> {
  switch (part.kind) {
    case "run":
      return (await model.run(part.request, context)).result;
    case "generation":
      return model.generate(part.request, context);
    case "dose-response":
      return model.doseResponse(part.request, context);
  }
}
