export { addServiceType } from '../service-types.js';
export { beacon, beaconCrd } from './beacon.js';
export { relay } from './relay.js';
