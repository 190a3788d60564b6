/** Answers as server-sent events. */

export type Send = (event: string, data: unknown) => void;

/** Proxies close connections that are silent for a minute; a comment line keeps them open. */
const HEARTBEAT_MILLISECONDS = 15_000;

/**
 * Calls `produce` with a `send`; the stream ends when it resolves. When the reader goes away `stop` is called.
 * A rejection ends the stream after `failed` turned it into a last event.
 */
export function eventStream(
  produce: (send: Send) => Promise<void>,
  { stop, failed }: { stop: () => void; failed: (error: unknown) => { event: string; data: unknown } | undefined },
): Response {
  const encoder = new TextEncoder();
  let open = true;
  let heartbeat: NodeJS.Timeout | undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const write = (text: string) => {
        if (open) controller.enqueue(encoder.encode(text));
      };
      const send: Send = (event, data) => write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
      heartbeat = setInterval(() => write(": still here\n\n"), HEARTBEAT_MILLISECONDS);
      write(": open\n\n");
      void produce(send)
        .catch((error: unknown) => {
          const last = failed(error);
          if (last !== undefined) send(last.event, last.data);
        })
        .finally(() => {
          clearInterval(heartbeat);
          if (open) controller.close();
          open = false;
        });
    },
    cancel() {
      open = false;
      clearInterval(heartbeat);
      stop();
    },
  });
  return new Response(body, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" },
  });
}
