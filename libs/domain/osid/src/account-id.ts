import type { Branded } from './brand.js';
import { primitive } from './primitive.js';

/** Names one account: five of `[a-z0-9]`, always minted. `reserved` must contain the reserved words of the API. */
export type Aid = Branded<'Aid'>;

export const Aid = primitive<'Aid'>(/^[a-z0-9]{5}$/, 5);
