import type { FaultCode } from '@runos/kernel';
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';

/** A response to a client that has no request with a route. */
export interface ClientRefusal {
  readonly status: string;
  readonly code: FaultCode;
  readonly error: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

const notHttp: ClientRefusal = {
  status: '400 Bad Request',
  code: 'request.invalid',
  error: 'This is not an HTTP request.',
};

const clientErrors: Readonly<Record<string, ClientRefusal>> = {
  HPE_HEADER_OVERFLOW: {
    status: '413 Content Too Large',
    code: 'request.too_large',
    error: 'Path and headers together are larger than 16 KiB.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: '408 Request Timeout',
    code: 'request.invalid',
    error: 'The request took too long to arrive.',
  },
};

/** Answers requests that Node cannot parse, which reach no route, in the form of every other error. */
export function handleClientErrors(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === 'ECONNRESET' || !socket.writable) return socket.destroy();
    return refuseClient(socket, clientErrors[error.code ?? ''] ?? notHttp);
  });
}

/** The time in which a refused client can read the refusal and close its side, ms. */
const lingerMs = 1_000;

/** Sends a refusal and closes the connection, also if the client keeps its own side open. */
export function refuseClient(socket: Duplex, { status, code, error: message, details = {} }: ClientRefusal): void {
  const issues = code === 'request.invalid' ? { issues: [{ path: '', message }] } : {};
  const body = JSON.stringify({ ...issues, ...details, error: message, code, traceId: randomUUID() });
  const headers = `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close`;
  socket.end(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${body}`);
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(timer));
}
