export { Aid, type Branded, Cid, InstanceId, Nid } from './identifier.js';
export { Osid, type OsidParts, TypeName } from './osid.js';
