import type { ModelService, WorkContext } from "@patchbay/analysis";
import {
  DoseResponseRequest,
  GenerationRequest,
  QUESTIONS,
  type QuestionName,
  type QuestionOf,
  questionOfPart,
  RunRequest,
  type SnapshotPart,
} from "@patchbay/contract";
import { PatchbayError } from "@patchbay/vocabulary";
import { checkSchema } from "../http/check-schema.ts";

export type PartRequest =
  | { readonly kind: "run"; readonly request: RunRequest }
  | { readonly kind: "generation"; readonly request: GenerationRequest }
  | { readonly kind: "dose-response"; readonly request: DoseResponseRequest }
  | { readonly kind: string; readonly question: QuestionName; readonly request: QuestionOf<QuestionName> };

/** The kind decides which request it is. */
export function checkPart(kind: SnapshotPart["kind"], request: unknown, where: string): PartRequest {
  switch (kind) {
    case "run":
      return { kind, request: checkSchema(RunRequest, request, where) };
    case "generation":
      return { kind, request: checkSchema(GenerationRequest, request, where) };
    case "dose-response":
      return { kind, request: checkSchema(DoseResponseRequest, request, where) };
    default: {
      const question = questionOfPart(kind);
      if (question !== undefined)
        return { kind, question, request: checkSchema(QUESTIONS[question].request, request, where) };
      throw new PatchbayError("invalid-request", `This version does not know parts of kind "${kind}".`, { at: where });
    }
  }
}

/** Every number anew: nothing is taken from answers that were kept. */
export async function computePart(
  model: ModelService,
  part: PartRequest,
  context: WorkContext,
): Promise<SnapshotPart["result"]> {
  if ("question" in part) {
    // Every question that has a part of findings answers with a recipe.
    return (await model.ask(part.question, part.request, context, { fresh: true })) as SnapshotPart["result"];
  }
  switch (part.kind) {
    case "run":
      return (await model.run(part.request, context)).result;
    case "generation":
      return model.generate(part.request, context);
    case "dose-response":
      return model.doseResponse(part.request, context);
  }
}
