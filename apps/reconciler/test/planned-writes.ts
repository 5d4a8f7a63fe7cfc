import type { ChangePlan } from '@runos/api';
import { type InputOf, type PlannableWrite, reconciler } from '@runos/contracts';
import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import type { Harness, Instance } from './harness.js';

type Fields = Readonly<Record<string, unknown>>;
type Send<Reply> = (harness: Harness, one: Instance, found: string, options?: object) => Promise<Reply>;

/** What a kind of write needs beside its input. */
interface Preparation {
  readonly type?: string;
  readonly fieldsOf?: (harness: Harness) => Fields;
  /** Brings the instance into the state that the write changes. Its result is the `found` of the input. */
  readonly prepare?: (harness: Harness, one: Instance) => Promise<string>;
  /** Must not be in a plan. */
  readonly secret?: string;
}

/** A kind of write: `plan` and `run` send the same input. */
interface PlannedWrite extends Preparation {
  readonly name: string;
  readonly plan: Send<ChangePlan>;
  readonly run: Send<object>;
}

function planned<In extends z.ZodType, Out extends z.ZodType<object>>(
  name: string,
  write: PlannableWrite<In, Out>,
  inputOf: (one: Instance, found: string) => z.input<In>,
  preparation: Preparation = {},
): PlannedWrite {
  const input = (one: Instance, found: string, options: object = {}): z.input<In> =>
    Object.assign({}, inputOf(one, found), options);
  return {
    ...preparation,
    name,
    plan: (harness, one, found, options) => harness.request(write.plan, input(one, found, options)),
    run: (harness, one, found, options) => harness.request(write, input(one, found, options)),
  };
}

/** The generation of no instance. */
export const staleGeneration = 999_999;
export const image = 'ghcr.io/acme/shop:1.4';
const secret = 'Kd83z-never-shown';

/** A file that sets the grace period of the pods. */
export const override = (seconds: number) => {
  const text = `spec: {template: {spec: {terminationGracePeriodSeconds: ${seconds}}}}\n`;
  return { name: 'grace', enabled: true, data: Buffer.from(text).toString('base64') };
};

async function addOverride(harness: Harness, one: Instance): Promise<string> {
  const { overrideId, jobId } = await harness.request(reconciler.createOverride, { ...one, file: override(60) });
  await harness.jobs.ended(jobId);
  return overrideId;
}

async function changeImage(harness: Harness, one: Instance): Promise<string> {
  const fields = { image: 'ghcr.io/acme/shop:1.5' };
  const reply = await harness.request(reconciler.updateInstance, { ...one, fields });
  if (!('jobId' in reply)) throw new Error('the image did not change');
  await harness.jobs.ended(reply.jobId);
  return '1';
}

/** An instance with version 1 of a config set, which then has a version 2. */
const withSet: Preparation = {
  type: 'postgresql',
  fieldsOf: ({ configSets }) => {
    configSets.version = 1;
    // PostgreSQL reloads this setting, so that no restart with its time is in the plan.
    for (const version of [1, 2]) configSets.valuesOf.set(`v${version}`, { work_mem: `${8 * version}MB` });
    return { configSetId: randomUUID() };
  },
  prepare: ({ configSets }) => {
    configSets.version = 2;
    return Promise.resolve('v2');
  },
};

const environment = (
  name: string,
  change: InputOf<typeof reconciler.changeEnvironment>['change'],
  preparation?: Preparation,
) => planned(name, reconciler.changeEnvironment, ({ cid, id }) => ({ cid, id, change }), preparation);
const add = [{ filename: 'key.pem', content: Buffer.from(secret).toString('base64') }];

/** Every kind of write beside creations, updates and deletions. */
export const plannedWrites: readonly PlannedWrite[] = [
  environment('a change of variables', { envVars: { MODE: 'fast' } }),
  environment('a change of secret variables', { secretEnvVars: { TOKEN: secret } }, { secret }),
  environment('a change of secret files', { add }, { secret }),
  environment(
    'a change of all of them',
    { envVars: { MODE: 'fast' }, secretEnvVars: { TOKEN: secret }, add },
    { secret },
  ),
  planned('a new override', reconciler.createOverride, (one) => ({ ...one, file: override(90) })),
  planned(
    'a changed override',
    reconciler.updateOverride,
    (one, overrideId) => ({ ...one, overrideId, file: override(90) }),
    { type: 'valkey', prepare: addOverride },
  ),
  planned('a deleted override', reconciler.deleteOverride, (one, overrideId) => ({ ...one, overrideId }), {
    prepare: addOverride,
  }),
  planned('a rollback', reconciler.rollBackInstance, (one, revision) => ({ ...one, revision: Number(revision) }), {
    prepare: changeImage,
  }),
  planned('an upgrade', reconciler.upgradeInstance, (one) => ({ ...one, version: '17' }), {
    type: 'postgresql',
    fieldsOf: () => ({ version: '16' }),
  }),
  planned('a change of settings', reconciler.setAdvancedConfig, (one) => ({ ...one, values: { work_mem: '16MB' } }), {
    type: 'postgresql',
  }),
  planned('a conversion to custom settings', reconciler.convertToCustomConfig, (one) => one, withSet),
  planned(
    'another version of a config set',
    reconciler.upgradeConfigSet,
    (one, version) => ({ ...one, version }),
    withSet,
  ),
];

/** How many rows tables have, and the sum of all generations: a plan changes none of them. */
export const storedCounts = (harness: Harness, tables: readonly string[]): Promise<Fields> => {
  const counts = tables.map((table) => `(SELECT count(*)::int FROM ${table}) AS ${table}`);
  return harness.row(`SELECT ${counts.join(', ')}, (SELECT sum(generation)::int FROM instance) AS generations`);
};
