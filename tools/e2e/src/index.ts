export { ApiClient } from './api-client.js';
export { eventually } from './eventually.js';
export { at, Kubectl, type LiveObject } from './kubectl.js';
export { type Dev, devOf, Plane } from './plane.js';
export { type Instance, World } from './world.js';
