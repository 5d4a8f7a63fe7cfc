import type { Branded } from './brand.js';
import { primitive } from './primitive.js';

/** Names one node of a cluster: five of `[a-z0-9]`, never `xxxxx`, which older agents use for "not known yet". */
export type Nid = Branded<'Nid'>;

export const Nid = primitive<'Nid'>(/^[a-z0-9]{5}$/, 5, new Set(['xxxxx']));
