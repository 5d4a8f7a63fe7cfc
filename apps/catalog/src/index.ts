export { catalogService } from './module.js';
