import { hostname } from 'node:os';
import { z } from 'zod';
import { numberWithin, trueOrFalse, secret, urlOf, wholeNumber } from './setting.js';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/**
 * How long idle keep-alive connections stay open during a shutdown, ms. A client that sends its next request within
 * this time receives a response, and `Connection: close` with it.
 */
export const idleConnectionGraceMs = 3_000;

/**
 * The longest graceful shutdown of a service, ms: the longest request deadline (8 s) after the time for idle
 * connections. A supervisor sends SIGKILL only after it.
 */
export const shutdownTimeoutMs = idleConnectionGraceMs + 8_000;

/** Settings of every process: operations port (0: any free one), logs, traces. */
export const processSettings = {
  opsHost: z.string().default('127.0.0.1'),
  opsPort: wholeNumber(0, 65_535).default(0),
  logLevel: z.enum(logLevels, { error: `one of ${logLevels.join(', ')}` }).default('info'),
  /** OTLP/HTTP endpoint of traces; without one no traces are exported. */
  otlpEndpoint: urlOf('http', 'https').optional(),
  /** The share of exported traces, 0 to 1. */
  traceRatio: numberWithin(0, 1).default(0.1),
  /** The unique name of a replica within its service. */
  replicaId: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,63}$/, '1 to 63 letters, digits, - or _')
    .default(
      () =>
        `${hostname()
          .replace(/[^A-Za-z0-9_-]/g, '-')
          .slice(0, 50)}-${process.pid}`,
    ),
};

/** How a service connects to NATS. */
export const natsSettings = {
  natsUrl: urlOf('nats', 'tls'),
  natsUser: z.string().min(1),
  natsPassword: secret(),
  /** Also validates replies against their contracts; for tests. */
  checkReplies: trueOrFalse().default(false),
  /** Raises lower deadlines of requests to other services, ms; for tests, which must not depend on the speed of a machine. */
  minRequestDeadlineMs: wholeNumber(0, 60_000).default(0),
};

/** How a service connects to its own schema; the URL contains its role and password. */
export const databaseSettings = {
  databaseUrl: secret(urlOf('postgres', 'postgresql')),
  databasePoolSize: wholeNumber(1, 100).default(10),
  /** A longer statement is cancelled, ms. */
  databaseStatementTimeoutMs: wholeNumber(100, 600_000).default(15_000),
};

export const processConfig = z.object(processSettings);
export const natsConfig = z.object(natsSettings);
export const databaseConfig = z.object(databaseSettings);

export type ProcessConfig = z.output<typeof processConfig>;
export type NatsConfig = z.output<typeof natsConfig>;
export type DatabaseConfig = z.output<typeof databaseConfig>;

/** The settings of a service: process, NATS and its own. */
export const serviceConfig = <Shape extends z.ZodRawShape>(own: Shape) =>
  z.object({ ...processSettings, ...natsSettings, ...own });
