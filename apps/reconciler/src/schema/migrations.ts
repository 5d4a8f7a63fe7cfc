import { InstanceByOsid1700000002000 } from './instance-by-osid.js';
import { ReconcilerSchema1700000001000 } from './reconciler-schema.js';

/** In the order in which they run. */
export const migrations = [ReconcilerSchema1700000001000, InstanceByOsid1700000002000];
