import { QUESTION_NAMES, type QuestionName } from "@patchbay/contract";
import { streamAnswer } from "../http/stream-answer.ts";
import type { Services } from "../services.ts";
import { withSavedCircuits } from "./document-handlers.ts";
import type { Call, Handler, HandlersOf } from "./handler.ts";

/** Questions about causes: each answers as JSON, or as events while it is computed. */
export function questionHandlers(services: Services): HandlersOf<QuestionName> {
  const handlers = QUESTION_NAMES.map((name) => [name, handlerOf(name, services)] as const);
  return Object.fromEntries(handlers) as unknown as HandlersOf<QuestionName>;
}

/** The name and the body belong together, because both come from one entry of the contract's table. */
function handlerOf(name: QuestionName, { models, questions, store, log }: Services): Handler<QuestionName> {
  return async ({ body: sent, client, signal, accepts }: Call<QuestionName>) => {
    const body = await withSavedCircuits(sent, store);
    const model = await models.get(body.model);
    if (!accepts("text/event-stream")) {
      return questions.run(client, signal, () => model.ask(name, body, { signal }));
    }
    return streamAnswer({
      name,
      signal,
      log,
      compute: (send, signal) =>
        questions.run(client, signal, () =>
          model.ask(name, body, {
            signal,
            progress: (fraction, message, details) => send("progress", { fraction, message, details }),
          }),
        ),
    });
  };
}
