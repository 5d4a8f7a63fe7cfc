export { configSetsService } from './module.js';
