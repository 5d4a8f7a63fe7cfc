import type { Response } from 'express';
import { pipeline, type Readable } from 'node:stream';
import type { GatewayRequest } from './gateway-request.js';

/** Sends server-sent events as fast as the client takes them; when the client is gone the source is destroyed. */
export function sendEvents(events: Readable, request: GatewayRequest, response: Response): void {
  response.status(200).set({ 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' });
  if (request.method === 'HEAD') {
    events.destroy();
    response.end();
    return;
  }
  response.flushHeaders();
  // A source that fails cuts the connection, and the client comes back with its cursor; a client that went is no error.
  pipeline(events, response, () => undefined);
}
