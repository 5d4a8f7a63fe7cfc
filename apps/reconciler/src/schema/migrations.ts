import { ReconcilerSchema1700000001000 } from './reconciler-schema.js';

/** In the order in which they run. */
export const migrations = [ReconcilerSchema1700000001000];
