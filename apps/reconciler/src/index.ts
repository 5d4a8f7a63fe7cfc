export { reconcilerService } from './reconciler-service.js';
