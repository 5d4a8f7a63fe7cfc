export { addServiceType } from '../service-types.js';
export { beacon, beaconCrd } from './beacon.js';
export { lantern } from './lantern.js';
export { addNewerRenderer } from './newer-renderer.js';
export { relay } from './relay.js';
