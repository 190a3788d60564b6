import { encodeSafetensors } from "@patchbay/transformer";
import { eventStream } from "../http/event-stream.ts";
import { internalProblem, problemOf } from "../http/problem.ts";
import { newRequestId } from "../http/request-id.ts";
import type { Services } from "../services.ts";
import type { Call, HandlersOf } from "./handler.ts";
import { withoutTensorData } from "./without-tensor-data.ts";

const SAFETENSORS = "application/vnd.safetensors";

export function runHandlers({ models, queue, log }: Services): HandlersOf<"run" | "generate" | "doseResponse"> {
  /** Streams a generation. A failure before its first event is still an ordinary problem answer. */
  async function streamGeneration({ body, client, signal: outer }: Call<"generate">): Promise<Response> {
    const model = await models.get(body.model);
    const leave = new AbortController();
    const signal = AbortSignal.any([outer, leave.signal]);
    type Listener = { start(data: object): void; token(data: object): void };
    const early: [event: string, data: object][] = [];
    let listener: Listener | undefined;
    let begun: () => void = () => undefined;
    const start = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const forward = (event: "start" | "token") => (data: object) => {
      if (listener === undefined) early.push([event, data]);
      else listener[event](data);
      begun();
    };
    const result = queue.run(client, signal, () =>
      model.generate(body, { signal }, { start: forward("start"), token: forward("token") }),
    );
    await Promise.race([start, result]);

    return eventStream(
      async (send) => {
        for (const [event, data] of early) send(event, data);
        listener = { start: (data) => send("start", data), token: (data) => send("token", data) };
        send("done", await result);
      },
      {
        stop: () => leave.abort(),
        failed(error) {
          if (signal.aborted) return undefined;
          const known = problemOf(error);
          if (known !== undefined) return { event: "problem", data: known };
          const id = newRequestId();
          log(`${id} generation failed after its start: ${error instanceof Error ? error.stack : String(error)}`);
          return { event: "problem", data: internalProblem(id) };
        },
      },
    );
  }

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
      if (call.body.stream === true || call.accepts("text/event-stream")) return streamGeneration(call);
      const { body, client, signal } = call;
      const model = await models.get(body.model);
      return queue.run(client, signal, () => model.generate(body, { signal }));
    },
    async doseResponse({ body, client, signal }) {
      const model = await models.get(body.model);
      return queue.run(client, signal, () => model.doseResponse(body, { signal }));
    },
  };
}
