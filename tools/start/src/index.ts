export { type Dev } from './dev-file.js';
