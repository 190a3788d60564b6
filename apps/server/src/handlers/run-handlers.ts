import { encodeSafetensors } from "@patchbay/transformer";
import { streamAnswer } from "../http/stream-answer.ts";
import type { Services } from "../services.ts";
import type { HandlersOf } from "./handler.ts";
import { withoutTensorData } from "./without-tensor-data.ts";

const SAFETENSORS = "application/vnd.safetensors";

export function runHandlers({ models, queue, log }: Services): HandlersOf<"run" | "generate" | "doseResponse"> {
  return {
    async run({ body, client, signal, accepts }) {
      const model = await models.get(body.model);
      const { result, tensors } = await queue.run(client, signal, () => model.run(body, { signal }));
      if (!accepts(SAFETENSORS)) return result;
      const json = JSON.stringify(withoutTensorData(result, tensors.keys()));
      const bytes = encodeSafetensors(tensors, { json });
      return new Response(new Uint8Array(bytes), { headers: { "content-type": SAFETENSORS } });
    },
    async generate(call) {
      const { body, client, signal } = call;
      const model = await models.get(body.model);
      if (body.stream === true || call.accepts("text/event-stream")) {
        return streamAnswer({
          name: "generation",
          signal,
          log,
          compute: (send, signal) =>
            queue.run(client, signal, () =>
              model.generate(
                body,
                { signal },
                { start: (data) => send("start", data), token: (data) => send("token", data) },
              ),
            ),
        });
      }
      return queue.run(client, signal, () => model.generate(body, { signal }));
    },
    async doseResponse({ body, client, signal }) {
      const model = await models.get(body.model);
      return queue.run(client, signal, () => model.doseResponse(body, { signal }));
    },
  };
}
