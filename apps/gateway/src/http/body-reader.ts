import { Fault } from '@runos/kernel';
import { raw, type Request, type Response } from 'express';
import type { GatewayRequest } from './gateway-request.js';

/** Reads and decompresses a body into `request.body`, at most `maxBytes`. @throws Fault `request.too_large`, `request.invalid` */
export function bodyReader(maxBytes: number): (request: GatewayRequest, response: Response) => Promise<void> {
  const read = raw({ type: () => true, limit: maxBytes });
  return async (request, response) => {
    try {
      await new Promise<void>((resolve, reject) =>
        read(request as Request, response, (error?: unknown) =>
          error === undefined ? resolve() : reject(error as Error),
        ),
      );
    } catch (error) {
      throw faultFor(error, maxBytes);
    }
    // Without a body the parser sets an empty object.
    if (!Buffer.isBuffer(request.body) || request.body.length === 0) request.body = undefined;
  };
}

function faultFor(error: unknown, maxBytes: number): unknown {
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  if (status === 413) {
    return new Fault('request.too_large', `The body is larger than ${maxBytes} bytes; send less at once.`, {
      limit: 'maxBodyBytes',
      value: maxBytes,
    });
  }
  if (typeof status !== 'number' || status >= 500) return error;
  const message = `could not be read: ${(error as Error).message}`;
  return new Fault('request.invalid', `The body ${message}.`, { issues: [{ path: '', message }] });
}
