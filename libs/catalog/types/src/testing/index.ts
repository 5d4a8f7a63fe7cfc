export { addServiceType } from '../service-types.js';
export { relay } from './relay.js';
