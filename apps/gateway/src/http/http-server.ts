import { type BeforeApplicationShutdown, type INestApplication, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { FaultCode } from '@runos/kernel';
import helmet from 'helmet';
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import type { GatewayConfig } from '../config.js';
import { RequestLifecycle } from './request-lifecycle.js';

/** Slow clients are disconnected: headers within 10 s, the whole request within 30 s; Node checks every 30 s. */
const headersTimeoutMs = 10_000;
const requestTimeoutMs = 30_000;
/** Longer than the 60 s idle timeout of common load balancers, so that the balancer closes first. */
const keepAliveMs = 65_000;

/** Browsers must not load, run or frame anything of an API. */
const denyAll = { defaultSrc: ["'none'"], frameAncestors: ["'none'"] };

/** Configures Express and the HTTP server before routing. */
export function prepareHttp(app: INestApplication, config: GatewayConfig): void {
  const express = app as NestExpressApplication;
  express.set('query parser', false);
  express.set('etag', false);
  express.set('case sensitive routing', true);
  express.set('trust proxy', config.trustedProxies);
  express.disable('x-powered-by');
  express.use(helmet({ contentSecurityPolicy: { useDefaults: false, directives: denyAll } }));
  express.use(app.get(RequestLifecycle).middleware);
  const server = app.getHttpServer() as Server;
  handleClientErrors(server);
  server.headersTimeout = headersTimeoutMs;
  server.requestTimeout = requestTimeoutMs;
  server.keepAliveTimeout = keepAliveMs;
}

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
function handleClientErrors(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === 'ECONNRESET' || !socket.writable) return socket.destroy();
    const { status, code, error: message } = clientErrors[error.code ?? ''] ?? notHttp;
    const issues = code === 'request.invalid' ? { issues: [{ path: '', message }] } : {};
    const body = JSON.stringify({ ...issues, error: message, code, traceId: randomUUID() });
    const headers = `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close`;
    return socket.end(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${body}`);
  });
}

/** How long keep-alive connections stay open during a shutdown, because a request may be in flight, ms. */
const drainMs = 1_000;

/**
 * Drains connections on shutdown: accepts no new ones and keeps the existing ones briefly. Behind a TCP balancer a
 * client notices the shutdown only by `Connection: close` in its next response.
 */
@Injectable()
export class ConnectionDrain implements BeforeApplicationShutdown {
  constructor(private readonly host: HttpAdapterHost) {}

  async beforeApplicationShutdown(): Promise<void> {
    const server = this.host.httpAdapter.getHttpServer() as Server;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, drainMs)));
    // The close() of http.Server would cut idle connections at once.
    const allClosed = new Promise<void>((resolve) => void NetServer.prototype.close.call(server, () => resolve()));
    await Promise.race([allClosed, timeout]);
    clearTimeout(timer);
  }
}
