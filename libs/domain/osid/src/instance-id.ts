import type { Branded } from './brand.js';
import { primitive } from './primitive.js';

/** The last part of an OSID: five of `[a-z0-9]`, random, unique per account, never reused. */
export type InstanceId = Branded<'InstanceId'>;

export const InstanceId = primitive<'InstanceId'>(/^[a-z0-9]{5}$/, 5);
