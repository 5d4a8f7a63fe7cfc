import type { Response } from 'express';
import { pipeline, type Readable } from 'node:stream';
import type { GatewayRequest } from './gateway-request.js';

/** Sends server-sent events with back-pressure; destroys the source when the client disconnects. */
export function sendEvents(events: Readable, request: GatewayRequest, response: Response): void {
  response.status(200).set({ 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' });
  if (request.method === 'HEAD') {
    events.destroy();
    response.end();
    return;
  }
  response.flushHeaders();
  // A failing source closes the connection and the client reconnects with its cursor. A disconnect is no error.
  pipeline(events, response, () => undefined);
}
