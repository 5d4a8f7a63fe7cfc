import { CreateIdentity1780000000001 } from './create-identity.js';

/** In the order in which they run. */
export const migrations = [CreateIdentity1780000000001];
