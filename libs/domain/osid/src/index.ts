export { Aid } from './account-id.js';
export type { Branded } from './brand.js';
export { Cid } from './cluster-id.js';
export { InstanceId } from './instance-id.js';
export { Nid } from './node-id.js';
export { Osid, type OsidParts } from './osid.js';
export { TypeName } from './type-name.js';
