import { CreateConfigSets1780000000001 } from './create-config-sets.js';

/** In the order in which they run. */
export const migrations = [CreateConfigSets1780000000001];
