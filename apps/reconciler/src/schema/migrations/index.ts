import { CreateSchema1800000000001 } from './0001-create-schema.js';
import { IndexInstancesByOsid1800000000002 } from './0002-index-instances-by-osid.js';

/** In the order in which they run. */
export const migrations = [CreateSchema1800000000001, IndexInstancesByOsid1800000000002];
