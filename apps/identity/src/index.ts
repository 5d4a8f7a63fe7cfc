export { identityService } from './module.js';
