import { Inject } from '@nestjs/common';
import { databaseSettings, serviceConfig, wholeNumber } from '@runos/config';
import { DnsName } from '@runos/naming';
import { keyringSettings } from '@runos/security';
import { z } from 'zod';

const limit = (byDefault: number) => wholeNumber(0, 1_000_000).default(byDefault);

/** The reconciler's settings. Of limits, 0 switches one off. */
export const reconcilerConfig = serviceConfig({
  ...databaseSettings,
  ...keyringSettings,
  /** Below it lie the domains of clusters that are created without a root. */
  defaultRoot: z
    .string()
    .refine((text): boolean => DnsName.is(text), 'a DNS name like example.com')
    .default('runos.localhost'),
  /** Takes the place of the registry of every image: `registry.internal:5000/mirror`. Kept with each revision. */
  imageRegistry: z.string().min(1).max(253).optional(),
  /** How long a job may take before it fails, its agent being there. */
  jobDeadlineSeconds: wholeNumber(1, 86_400).default(15 * 60),
  /** How long in all the agent may be away before the job fails. */
  jobLeaveSeconds: wholeNumber(1, 30 * 86_400).default(86_400),
  /** Ended jobs can be read here for so long; the jobs service keeps them longer. */
  jobKeepDays: wholeNumber(1, 3_650).default(30),
  /** So far back goes the history of an instance, and so many older revisions of it are kept. */
  eventKeepDays: wholeNumber(1, 3_650).default(90),
  revisionsKept: wholeNumber(2, 10_000).default(50),
  maxClusters: limit(100),
  maxNodesPerCluster: limit(1_000),
  maxInstancesPerCluster: limit(10_000),
  /** Of canonical JSON; more than 1 MiB would not fit the agent's Secret. */
  maxBundleBytes: wholeNumber(1_024, 1_048_576).default(1_048_576),
  /** Deliveries at the same time, of this process and of one cluster. */
  workers: wholeNumber(1, 1_000).default(64),
  laneCap: wholeNumber(1, 1_000).default(32),
  /** A worker that has not written for so long has lost its work to another. */
  leaseSeconds: wholeNumber(1, 600).default(30),
});

export type ReconcilerConfig = z.output<typeof reconcilerConfig>;

const configToken = Symbol('reconciler config');

/** `constructor(@InjectConfig() private readonly config: ReconcilerConfig)` */
export const InjectConfig = (): ParameterDecorator => Inject(configToken);

export const provideConfig = (config: ReconcilerConfig) => ({ provide: configToken, useValue: config });
