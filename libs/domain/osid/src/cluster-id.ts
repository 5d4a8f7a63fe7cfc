import type { Branded } from './brand.js';
import { primitive } from './primitive.js';

/**
 * The immutable id of a cluster within its account: 3 to 16 of `[a-z0-9]`, chosen by the user or minted as three.
 * The reserved words of the API must be rejected by the code that accepts or mints one.
 */
export type Cid = Branded<'Cid'>;

export const Cid = primitive<'Cid'>(/^[a-z0-9]{3,16}$/, 3);
