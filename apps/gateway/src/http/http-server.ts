import { type BeforeApplicationShutdown, type INestApplication, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { idleConnectionGraceMs } from '@runos/config';
import helmet from 'helmet';
import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import type { GatewayConfig } from '../config.js';
import { handleClientErrors } from './client-refusal.js';
import { RequestLifecycle } from './request-lifecycle.js';
import { SlowClients } from './slow-clients.js';

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
  app.get(SlowClients).limit(server);
}

/**
 * Drains connections on shutdown: accepts no new ones and keeps idle ones for a while. Behind a TCP balancer a client
 * notices the shutdown only by `Connection: close` in its next response. A request on a connection that is closed
 * meanwhile would be lost.
 */
@Injectable()
export class ConnectionDrain implements BeforeApplicationShutdown {
  constructor(private readonly host: HttpAdapterHost) {}

  async beforeApplicationShutdown(): Promise<void> {
    const server = this.host.httpAdapter.getHttpServer() as Server;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, idleConnectionGraceMs)));
    // The close() of http.Server would cut idle connections at once.
    const allClosed = new Promise<void>((resolve) => void NetServer.prototype.close.call(server, () => resolve()));
    await Promise.race([allClosed, timeout]);
    clearTimeout(timer);
  }
}
