import type { InstanceInput } from '../instance-type.js';

/** Whose objects they are. */
export type Owner = Pick<InstanceInput, 'osid' | 'aid' | 'cid'>;

/** The labels of one instance, for each of its objects and for the templates of its pods and claims. */
export const labelsOf = ({ osid, aid, cid }: Owner): Record<string, string> => ({
  'runos.com/osid': osid,
  'runos.com/aid': aid,
  'runos.com/cid': cid,
  'app.kubernetes.io/managed-by': 'runos',
});
