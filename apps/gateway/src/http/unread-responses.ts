import type { Server, ServerResponse } from 'node:http';

/** The longest interval between two checks, ms. */
const maxCheckMs = 5_000;

/**
 * Disconnects clients that do not read. What was sent to a client waits in the memory of this process once the buffers of
 * the operating system are full. It must have been read completely at some time within `timeoutMs`.
 */
export function disconnectUnread(server: Server, timeoutMs: number, onDisconnect: () => void): void {
  const open = new Set<ServerResponse>();
  /** The responses with unread bytes, with the time at which they were found, on the monotonic clock, ms. */
  const unreadSince = new WeakMap<ServerResponse, number>();
  server.on('request', (_, response: ServerResponse) => {
    open.add(response);
    // A long download is read completely between two checks, again and again.
    response.on('drain', () => unreadSince.delete(response));
    response.once('close', () => open.delete(response));
  });
  const check = (): void => {
    const now = performance.now();
    for (const response of open) {
      if (response.writableLength === 0) {
        unreadSince.delete(response);
        continue;
      }
      const since = unreadSince.get(response) ?? now;
      unreadSince.set(response, since);
      if (now - since < timeoutMs) continue;
      onDisconnect();
      response.socket?.destroy();
    }
  };
  const timer = setInterval(check, Math.min(timeoutMs / 4, maxCheckMs));
  server.once('close', () => clearInterval(timer));
}
