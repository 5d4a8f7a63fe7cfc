export { configSetsService } from './config-sets-service.js';
