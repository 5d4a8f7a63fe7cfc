import type { Branded } from './brand.js';
import { primitive } from './primitive.js';

/**
 * Names one cluster of an account for its whole life: 3 to 16 of `[a-z0-9]`, chosen by the user or minted as three.
 * Whoever accepts or mints one also refuses the literal segments of the routes.
 */
export type Cid = Branded<'Cid'>;

export const Cid = primitive<'Cid'>(/^[a-z0-9]{3,16}$/, 3);
