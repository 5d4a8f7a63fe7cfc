export { AppModel } from './app-model.js';
