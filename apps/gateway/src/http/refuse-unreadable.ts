import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FaultCode } from '@runos/kernel';

interface Refusal {
  readonly status: string;
  readonly code: FaultCode;
  readonly error: string;
}

const notHttp: Refusal = { status: '400 Bad Request', code: 'request.invalid', error: 'This is not an HTTP request.' };

const refusals: Readonly<Record<string, Refusal>> = {
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

/** Answers what is no readable request, which never reaches a route, in the same form as every other error. */
export function refuseUnreadable(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === 'ECONNRESET' || !socket.writable) return socket.destroy();
    const { status, code, error: sentence } = refusals[error.code ?? ''] ?? notHttp;
    const issues = code === 'request.invalid' ? { issues: [{ path: '', message: sentence }] } : {};
    const body = JSON.stringify({ ...issues, error: sentence, code, traceId: randomUUID() });
    const headers = `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close`;
    return socket.end(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${body}`);
  });
}
