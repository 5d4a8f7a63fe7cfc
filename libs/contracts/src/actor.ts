import { Role } from '@runos/api';
import { z } from 'zod';

/** The originator of a request, stored in revisions and the audit log. Sent as a message header. */
export const Actor = z.object({
  kind: z.enum(['user', 'pat', 'agent', 'system']),
  /** User id, key id, nid or service name. */
  id: z.string(),
  /** Display name: an e-mail address or the name of a key. */
  name: z.string(),
  role: Role.optional(),
});
export type Actor = z.infer<typeof Actor>;
