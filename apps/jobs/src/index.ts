export { jobsService } from './module.js';
