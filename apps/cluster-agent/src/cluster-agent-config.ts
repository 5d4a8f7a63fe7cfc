import { hostname } from 'node:os';
import { agentSettings } from '@runos/agent-session';
import { wholeNumber } from '@runos/config';
import { z } from 'zod';

const milliseconds = (standard: number) => wholeNumber(1, 3_600_000).default(standard);

/** Instances worked on at a time, unless told otherwise. */
export const turnsAtOnce = 16;

/** Every setting is a variable: `caSha256` is `RUNOS_CA_SHA256`. */
export const clusterAgentConfig = z.object({
  ...agentSettings,
  /** Absent: the service account of the pod this runs in. */
  kubeconfig: z.string().optional(),
  /** Where the agent keeps its key, its lease and its bundles. */
  namespace: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'the name of a namespace')
    .default('runos'),
  /** Tells agents of one cluster apart; one that keeps its name over a restart need not wait for its old lease. */
  holder: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,128}$/, '1 to 128 letters, digits, dots, dashes or underscores')
    .default(() => `${hostname()}-${process.pid}`),
  /** Instances worked on at a time. */
  concurrency: wholeNumber(1, 64).default(turnsAtOnce),
  /** From then on a removal tells what holds it up. */
  heldUpAfterMs: milliseconds(60_000),
  /** How often a removal is looked at without an event. */
  lookAgainMs: milliseconds(5_000),
  /** Where `/livez`, `/readyz` and `/metrics` answer; absent: nowhere. */
  opsHost: z.string().default('127.0.0.1'),
  opsPort: wholeNumber(0, 65_535).optional(),
});

export type ClusterAgentConfig = z.output<typeof clusterAgentConfig>;
