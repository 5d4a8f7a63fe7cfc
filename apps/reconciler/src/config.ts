import { databaseSettings, serviceConfig, trueOrFalse, wholeNumber } from '@runos/config';
import { DnsName } from '@runos/naming';
import { keyringSettings } from '@runos/security';
import { z } from 'zod';

const limit = (defaultLimit: number) => wholeNumber(0, 1_000_000).default(defaultLimit);

/** The reconciler's settings. The value 0 switches a limit off. */
export const reconcilerConfig = serviceConfig({
  ...databaseSettings,
  ...keyringSettings,
  /** The root domain of clusters that are created without one. */
  defaultRoot: z
    .string()
    .refine((text): boolean => DnsName.is(text), 'a DNS name like example.com')
    .default('runos.localhost'),
  /** Replaces the registry of every image: `registry.internal:5000/mirror`. Each revision pins its value. */
  imageRegistry: z.string().min(1).max(253).optional(),
  /** Directory with the published manifests of add-ons, `<add-on>/<file>`. Without it none can be installed. */
  addonManifests: z.string().min(1).optional(),
  /** A job fails after this time; the time without a connected agent does not count. */
  jobDeadlineSeconds: wholeNumber(1, 86_400).default(15 * 60),
  /** The absence budget: a job fails when its agent was disconnected for longer than this in total. */
  jobAbsenceSeconds: wholeNumber(1, 30 * 86_400).default(86_400),
  /** Ended jobs and upgrade waves are readable here for this long; the jobs service keeps them longer. */
  jobKeepDays: wholeNumber(1, 3_650).default(30),
  /** Events of an instance are kept for this long. */
  eventKeepDays: wholeNumber(1, 3_650).default(90),
  /** The number of older revisions that are kept per instance. */
  revisionsKept: wholeNumber(2, 10_000).default(50),
  maxClusters: limit(100),
  maxNodesPerCluster: limit(1_000),
  maxInstancesPerCluster: limit(10_000),
  /** Of canonical JSON; more than 1 MiB does not fit into the agent's Secret. */
  maxBundleBytes: wholeNumber(1_024, 1_048_576).default(1_048_576),
  /** Of both kinds of variables of an app together. */
  maxVariables: limit(500),
  maxVariableBytes: limit(32_768),
  /** Of the names and values of all variables of an app. */
  maxVariablesBytes: limit(524_288),
  maxSecretFileBytes: limit(102_400),
  /** Of one instance. All their bytes together are at most `maxBundleBytes`. */
  maxOverrides: limit(20),
  maxOverrideBytes: limit(65_536),
  /** Registries with pull credentials, per account. */
  maxRegistries: limit(100),
  /** Registries on loopback addresses are called, without TLS: for tests only. */
  callLoopbackRegistries: trueOrFalse().default(false),
  /** Concurrent deliveries of this process. */
  workers: wholeNumber(1, 1_000).default(64),
  /** Concurrent deliveries of one cluster queue, over all processes. */
  clusterQueueCap: wholeNumber(1, 1_000).default(32),
  /** Another worker may claim the work of a worker that has not finished it within this time. */
  leaseSeconds: wholeNumber(1, 600).default(30),
});

export type ReconcilerConfig = z.output<typeof reconcilerConfig>;
