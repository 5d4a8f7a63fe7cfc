import type { INestApplication } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import helmet from 'helmet';
import type { Server } from 'node:http';
import type { GatewayConfig } from '../gateway-config.js';
import { Exchange } from './exchange.js';
import { refuseUnreadable } from './refuse-unreadable.js';

/** Slow clients are cut off: headers must be complete in 10 s, the whole request in 30 s; Node looks every 30 s. */
const headersTimeoutMs = 10_000;
const requestTimeoutMs = 30_000;
/** Longer than the 60 s that load balancers keep an idle connection, so that they end it and not we. */
const keepAliveMs = 65_000;

/** An API has nothing that a browser should load, run or frame. */
const nothingAllowed = { defaultSrc: ["'none'"], frameAncestors: ["'none'"] };

/** What holds for every request before it is routed. */
export function prepareHttp(app: INestApplication, config: GatewayConfig): void {
  const express = app as NestExpressApplication;
  express.set('query parser', false);
  express.set('etag', false);
  express.set('case sensitive routing', true);
  express.set('trust proxy', config.trustedProxies);
  express.disable('x-powered-by');
  express.use(helmet({ contentSecurityPolicy: { useDefaults: false, directives: nothingAllowed } }));
  express.use(app.get(Exchange).middleware);
  const server = app.getHttpServer() as Server;
  refuseUnreadable(server);
  server.headersTimeout = headersTimeoutMs;
  server.requestTimeout = requestTimeoutMs;
  server.keepAliveTimeout = keepAliveMs;
}
