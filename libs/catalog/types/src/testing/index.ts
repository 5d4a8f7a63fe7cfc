export { addServiceType } from '../service-types.js';
export { beacon } from './beacon.js';
export { relay } from './relay.js';
