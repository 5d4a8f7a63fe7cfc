import { z } from 'zod';
import { Timestamp } from '../operation/fields.js';
import { operation, pathParams } from '../operation/operation.js';

const { aid, cid } = pathParams;

/** `unknown`: the cluster agent has not reported the add-on in its last session, or none has connected. */
const addonStates = ['present', 'missing', 'unknown'] as const;

/**
 * An operator that service types need, as the cluster agent found it. `owner` is `runos` if its objects carry the labels
 * of RunOS. A null `version` of a present add-on: no operator with a tagged image was found, for instance because the
 * cluster has the CRDs only. `neededVersion` is the version that RunOS is tested with.
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
  reportedAt: Timestamp.nullable(),
});
export type Addon = z.infer<typeof Addon>;

/** Every add-on of the catalog, without pages. */
export const listAddons = operation({
  id: 'addon.list',
  method: 'GET',
  path: '/:aid/clusters/:cid/addons',
  access: 'read',
  summary: 'List the operators that service types need, and which of them the cluster has.',
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
          reportedAt: '2030-02-11T09:30:00.000Z',
        },
      ],
    },
  },
});
