import { Role } from '@runos/api';
import { z } from 'zod';

/** On whose behalf a request is made; kept in revisions and the audit log. Travels in a header. */
export const Actor = z.object({
  kind: z.enum(['user', 'pat', 'agent', 'system']),
  /** User id, key id, nid or service name. */
  id: z.string(),
  /** What people know them by: an e-mail address, a key's name. */
  name: z.string(),
  role: Role.optional(),
});
export type Actor = z.infer<typeof Actor>;
