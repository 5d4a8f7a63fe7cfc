import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FaultCode } from '@runos/kernel';

interface ClientError {
  readonly status: string;
  readonly code: FaultCode;
  readonly error: string;
}

const notHttp: ClientError = {
  status: '400 Bad Request',
  code: 'request.invalid',
  error: 'This is not an HTTP request.',
};

const clientErrors: Readonly<Record<string, ClientError>> = {
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
    const { status, code, error: message } = clientErrors[error.code ?? ''] ?? notHttp;
    const issues = code === 'request.invalid' ? { issues: [{ path: '', message }] } : {};
    const body = JSON.stringify({ ...issues, error: message, code, traceId: randomUUID() });
    const headers = `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close`;
    return socket.end(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${body}`);
  });
}
