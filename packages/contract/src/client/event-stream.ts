/** Reads server-sent events from a response body (WHATWG HTML, section 9.2.6), which EventSource cannot do for a POST. */

export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
}

export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let pending = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      pending += decoder.decode(value, { stream: true });
      // A CR at the end may be the first half of CRLF: it waits for the next piece.
      const complete = pending.endsWith("\r") ? pending.length - 1 : pending.length;
      const blocks = pending.slice(0, complete).replaceAll(/\r\n?/g, "\n").split("\n\n");
      pending = (blocks.pop() ?? "") + pending.slice(complete);
      for (const block of blocks) {
        const event = parseBlock(block);
        if (event !== undefined) yield event;
      }
    }
  } finally {
    // Leaving the loop early closes the connection, and so cancels the work on the server.
    await reader.cancel();
  }
}

function parseBlock(block: string): ServerSentEvent | undefined {
  let event = "message";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (field === "event") event = value ?? event;
    if (field === "data") data.push(value ?? "");
  }
  // A block without data is a heartbeat comment.
  return data.length === 0 ? undefined : { event, data: data.join("\n") };
}
