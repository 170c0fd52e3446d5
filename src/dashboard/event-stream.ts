/** Server-sent events out of a `Newest`: what is sent next is chosen when the socket has room, never before. */
import type { Newest } from './newest.ts';

/** Something is said at least so often, so that both sides notice when the other is gone. */
const HEARTBEAT_MS = 15_000;
/** Milliseconds until a page that lost us comes back by itself. */
const RETRY_MS = 1_000;

/** `value`s are whole lines of JSON. `onEnd` is called once. */
export function eventStream(newest: Newest<string>, onEnd: () => void): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const ended = new AbortController();
  let seen = 0;
  let begun = false;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (!begun) {
          begun = true;
          controller.enqueue(encoder.encode(`retry: ${RETRY_MS}\n\n`));
          return;
        }
        const news = await newest.after(seen, HEARTBEAT_MS, ended.signal);
        if (ended.signal.aborted) return;
        if (news === null) {
          controller.enqueue(encoder.encode(': still here\n\n'));
          return;
        }
        seen = news.version;
        controller.enqueue(encoder.encode(`data: ${news.value}\n\n`));
      },
      cancel() {
        ended.abort();
        onEnd();
      },
    },
    // Nothing is prepared that nobody has asked for yet.
    { highWaterMark: 0 },
  );
}
