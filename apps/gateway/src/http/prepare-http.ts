import type { INestApplication } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import helmet from 'helmet';
import type { Server } from 'node:http';
import type { GatewayConfig } from '../config.js';
import { RequestLifecycle } from './request-lifecycle.js';
import { handleClientErrors } from './client-errors.js';

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
