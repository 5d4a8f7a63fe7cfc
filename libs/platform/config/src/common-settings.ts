import { hostname } from 'node:os';
import { z } from 'zod';
import { numberWithin, onOrOff, secret, urlOf, wholeNumber } from './setting.js';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** What every process takes: its health port (0 = any free one), its logs and traces. */
export const processSettings = {
  opsHost: z.string().default('127.0.0.1'),
  opsPort: wholeNumber(0, 65_535).default(0),
  logLevel: z.enum(logLevels, { error: `one of ${logLevels.join(', ')}` }).default('info'),
  /** Where traces go (OTLP over HTTP); absent: nowhere. */
  otlpEndpoint: urlOf('http', 'https').optional(),
  /** The share of traces that are kept, 0 to 1. */
  traceRatio: numberWithin(0, 1).default(0.1),
  /** Tells replicas of one service apart. */
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

/** How a service of the plane reaches NATS. */
export const natsSettings = {
  natsUrl: urlOf('nats', 'tls'),
  natsUser: z.string().min(1),
  natsPassword: secret(),
  /** Checks also what handlers answer, not only what they are asked: for tests. */
  checkAnswers: onOrOff().default(false),
};

/** How a service reaches its own schema: the URL carries its role and password. */
export const databaseSettings = {
  databaseUrl: secret(urlOf('postgres', 'postgresql')),
  databasePoolSize: wholeNumber(1, 100).default(10),
  /** A statement that runs longer is cancelled, ms. */
  databaseStatementTimeoutMs: wholeNumber(100, 600_000).default(15_000),
};

export const processConfig = z.object(processSettings);
export const natsConfig = z.object(natsSettings);
export const databaseConfig = z.object(databaseSettings);

export type ProcessConfig = z.output<typeof processConfig>;
export type NatsConfig = z.output<typeof natsConfig>;
export type DatabaseConfig = z.output<typeof databaseConfig>;

/** The settings of a service of the plane: process and NATS, and what it adds itself. */
export const serviceConfig = <Shape extends z.ZodRawShape>(own: Shape) =>
  z.object({ ...processSettings, ...natsSettings, ...own });
