import { z } from 'zod';
import { Accepted, Timestamp } from '../operation/fields.js';
import { operation, pathParams } from '../operation/operation.js';

const { aid, cid, addonName: name } = pathParams;

/** `unknown`: the cluster agent has not reported the add-on in its last session, or none has connected. */
const addonStates = ['present', 'missing', 'unknown'] as const;

/** The desired state of an add-on that RunOS manages. */
export const addonGoals = ['installed', 'removed'] as const;
export type AddonGoal = (typeof addonGoals)[number];

/**
 * CRDs that service types need, mostly with their operator, as the cluster agent found them. `owner` is `runos` if its
 * objects carry the labels of RunOS. A null `version` of a present add-on: no operator with a tagged image was found, or
 * CRDs that do not name their version. `neededVersion` is the version that RunOS is tested with. `desired` is null
 * unless RunOS installs or removes the add-on. If it is set, `jobId` is the last job of that change, and `problem` is
 * the reason why it does not progress. `installable`: the cluster agent has the right to install add-ons.
 */
export const Addon = z.object({
  name: z.string(),
  title: z.string(),
  state: z.enum(addonStates),
  owner: z.enum(['runos', 'user']).nullable(),
  version: z.string().nullable(),
  neededVersion: z.string(),
  /** The service types whose instances need it. */
  neededBy: z.array(z.string()),
  installable: z.boolean(),
  desired: z.enum(addonGoals).nullable(),
  problem: z.string().nullable(),
  jobId: z.uuid().nullable(),
  reportedAt: Timestamp.nullable(),
});
export type Addon = z.infer<typeof Addon>;

/** Every add-on of the catalog, without pages. */
export const listAddons = operation({
  id: 'addon.list',
  method: 'GET',
  path: '/:aid/clusters/:cid/addons',
  access: 'read',
  summary: 'List the add-ons that service types need, and which of them the cluster has.',
  params: { aid, cid },
  output: z.object({ addons: z.array(Addon) }),
  examples: {
    output: {
      addons: [
        {
          name: 'cloudnative-pg',
          title: 'CloudNativePG',
          state: 'present',
          owner: 'user',
          version: '1.27.0',
          neededVersion: '1.27.0',
          neededBy: ['postgresql'],
          installable: false,
          desired: null,
          problem: null,
          jobId: null,
          reportedAt: '2030-02-11T09:30:00.000Z',
        },
      ],
    },
  },
});

/**
 * Idempotent: it also upgrades an older version that RunOS installed, so it needs more than a create that installs a
 * missing add-on. A newer request supersedes the job. Errors:
 * - `addon.missing` with the command, where the cluster agent may not install add-ons;
 * - `addon.present` for an operator that RunOS has not installed;
 * - `conflict.deleting` for a cluster that is being deleted.
 */
export const installAddon = operation({
  id: 'addon.install',
  method: 'POST',
  path: '/:aid/clusters/:cid/addons/:name',
  access: 'sensitive_write',
  summary: 'Install an add-on in a cluster, or upgrade it to the version that RunOS is tested with.',
  params: { aid, cid, name },
  output: Accepted,
  status: 202,
  errors: ['addon.missing', 'addon.present', 'conflict.deleting'],
});

/**
 * `service.in_use` while instances of the cluster need it; `addon.present` for an operator that RunOS has not
 * installed; `addon.missing` where there is none. While custom resources that others created use it, the job stays open
 * and its progress names them; the removal continues when they are deleted. If they still exist at the deadline of the
 * job, it fails, and what it has removed is installed again.
 */
export const removeAddon = operation({
  id: 'addon.remove',
  method: 'DELETE',
  path: '/:aid/clusters/:cid/addons/:name',
  access: 'sensitive_write',
  summary: 'Remove an add-on that RunOS installed in a cluster.',
  params: { aid, cid, name },
  output: Accepted,
  status: 202,
  errors: ['addon.missing', 'addon.present', 'conflict.deleting', 'conflict.idempotency', 'service.in_use'],
});
