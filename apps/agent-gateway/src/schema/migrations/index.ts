import { CreateSchema1800000000001 } from './0001-create-schema.js';

/** In the order in which they run. */
export const migrations = [CreateSchema1800000000001];
