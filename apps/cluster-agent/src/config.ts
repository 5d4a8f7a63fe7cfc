import { hostname } from 'node:os';
import { agentSettings } from '@runos/agent-session';
import { wholeNumber } from '@runos/config';
import { z } from 'zod';

const milliseconds = (standard: number) => wholeNumber(1, 3_600_000).default(standard);

/** Every setting is an environment variable: `caSha256` is `RUNOS_CA_SHA256`. */
export const clusterAgentConfig = z.object({
  ...agentSettings,
  /** Default: the service account of the pod. */
  kubeconfig: z.string().optional(),
  /** Namespace of the agent's credentials, its Lease and the bundle Secrets. */
  namespace: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'the name of a namespace')
    .default('runos'),
  /** Holder identity of the Lease. An agent with the same identity after a restart need not wait for its old Lease. */
  holder: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,128}$/, '1 to 128 letters, digits, dots, dashes or underscores')
    .default(() => `${hostname()}-${process.pid}`),
  /**
   * What the agent may install of an add-on. `crds`: the CRDs alone, for clusters with simulated nodes, where no operator
   * can run and its webhooks would refuse every write. Needs the rights of `deploy/cluster-agent/addons.yaml`.
   */
  addons: z.enum(['none', 'crds', 'all']).default('none'),
  /** Maximum of concurrent reconciles. Measured: a thousand services are applied fastest with 16 on two cores. */
  concurrency: wholeNumber(1, 64).default(16),
  /** A removal that takes longer reports its blockers. */
  deletionBlockedAfterMs: milliseconds(60_000),
  /** How often a removal is reconciled without an event. */
  removalRequeueMs: milliseconds(5_000),
  /** Ownership that others share with us is taken back when it has not changed for this long: a restore has ended then. */
  ownershipQuietMs: milliseconds(600_000),
  /** Logs of instances that are read at once. Each takes up to 8 MiB, and a connection per container. */
  logsPerAgent: wholeNumber(1, 1_000).default(32),
  /** Address of `/livez`, `/readyz` and `/metrics`. Without a port they are not served. */
  opsHost: z.string().default('127.0.0.1'),
  opsPort: wholeNumber(0, 65_535).optional(),
});

export type ClusterAgentConfig = z.output<typeof clusterAgentConfig>;
