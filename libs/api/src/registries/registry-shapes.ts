import { documentation, Name } from '@runos/catalog-model';
import { RegistryHost } from '@runos/service-types';
import { z } from 'zod';
import { maxInt32, Timestamp } from '../operation/fields.js';

/** A user name of HTTP Basic (RFC 7617): it has no colon. */
const Username = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^:\p{Cc}]*$/u, 'must have no colon and no control characters')
  .register(documentation, { description: 'User name at the registry.' });

/** Tokens of cloud registries have up to 3 KiB, and keys of service accounts have line breaks. */
const Password = z
  .string()
  .min(1)
  .max(8192)
  .regex(/^[^\0]*$/, 'must have no NUL')
  .register(documentation, { description: 'Password or token of the user. It is never returned.' });

const name = 'Display name. Default: the host.';

export const CreateRegistry = z.strictObject({
  host: RegistryHost,
  username: Username,
  password: Password,
  name: Name.optional().register(documentation, { description: name }),
});

/** An absent field is kept. */
export const UpdateRegistry = z.strictObject({
  username: Username.optional(),
  password: Password.optional(),
  name: Name.optional().register(documentation, { description: 'Display name.' }),
});

/** `unreachable`: the control plane could not call the registry. Clusters may reach it. */
const RegistryCheckStatus = z.enum(['verified', 'unreachable']);
export type RegistryCheckStatus = z.infer<typeof RegistryCheckStatus>;

/** `check` is the outcome of the last write of user name or password; its `message` is a sentence. */
export const Registry = z.object({
  id: z.uuid(),
  name: z.string(),
  host: z.string(),
  username: z.string(),
  check: z.object({ status: RegistryCheckStatus, message: z.string().optional(), at: Timestamp }),
  createdAt: Timestamp,
  updatedAt: Timestamp,
});
export type Registry = z.infer<typeof Registry>;

const affectedApps = z.int().register(documentation, {
  description: 'Number of apps whose images are of the registry, each of which gets a job.',
  unit: 'apps',
  minimum: 0,
  maximum: maxInt32,
});

export const ChangedRegistry = Registry.extend({ affectedApps });
export const DeletedRegistry = Registry.pick({ id: true, host: true }).extend({ affectedApps });
