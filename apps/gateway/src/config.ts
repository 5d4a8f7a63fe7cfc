import { serviceConfig, wholeNumber } from '@runos/config';
import { z } from 'zod';

const settings = {
  /** Where the public API listens; 0 takes any free port. */
  httpHost: z.string().min(1).default('127.0.0.1'),
  httpPort: wholeNumber(0, 65_535).default(3025),
  /** Number of trusted proxies in front: their X-Forwarded-For is used. */
  trustedProxies: wholeNumber(0, 16).default(0),
  /** Per token and minute; 0 switches the limit off. */
  writesPerMinute: wholeNumber(0, 1_000_000).default(600),
  readsPerMinute: wholeNumber(0, 10_000_000).default(60_000),
  /** Failed authentications, and failed log-ins, per client network and minute; 0 switches the limit off. */
  failedAuthenticationsPerMinute: wholeNumber(0, 1_000_000).default(60),
  /** Concurrent streams of one token, of jobs and logs, per replica; 0 switches the limit off. */
  streamsPerToken: wholeNumber(0, 10_000).default(100),
  /** Logs that one account reads at once, per replica; 0 switches the limit off. */
  logsPerAccount: wholeNumber(0, 10_000).default(64),
  /** The time for the headers of a request, from its first byte or from the connection, ms. */
  headersTimeoutMs: wholeNumber(100, 600_000).default(10_000),
  /** The time for a whole request, ms. */
  requestTimeoutMs: wholeNumber(100, 3_600_000).default(30_000),
  /**
   * An idle connection is closed after this time, ms. The default is longer than the 60 s of common load balancers, so that
   * the balancer closes first.
   */
  keepAliveTimeoutMs: wholeNumber(100, 3_600_000).default(65_000),
  /** A client that has not read all of what was sent for this long is disconnected, ms. */
  unreadTimeoutMs: wholeNumber(100, 3_600_000).default(60_000),
  /** Open connections of one client network. Without effect behind trusted proxies. 0 switches the limit off. */
  connectionsPerClient: wholeNumber(0, 1_000_000).default(1_000),
  /** The newest version of the program `runos`, for clients that check for updates; absent: the setting is not found. */
  cliVersion: z
    .string()
    .regex(/^\d{1,5}\.\d{1,5}\.\d{1,5}(-[\w.]{1,32})?$/)
    .optional(),
  /** A folder with executables of the program `runos`, as a release writes them; absent: this plane offers none. */
  cliFolder: z.string().min(1).optional(),
  /** Largest request body, bytes. A secret file of 100 KiB and an override of 64 KiB fit. */
  maxBodyBytes: wholeNumber(1_024, 4 * 1024 * 1024).default(1024 * 1024),
};

/** The gateway's settings beside those of every service. */
export const gatewayConfig = serviceConfig(settings).refine(
  ({ headersTimeoutMs, requestTimeoutMs }) => headersTimeoutMs <= requestTimeoutMs,
  {
    path: ['headersTimeoutMs'],
    error: 'must be at most RUNOS_REQUEST_TIMEOUT_MS, because Node applies the longer one to the request',
  },
);

export type GatewayConfig = z.output<typeof gatewayConfig>;
