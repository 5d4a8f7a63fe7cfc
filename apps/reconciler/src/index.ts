export { reconcilerService } from './module.js';
