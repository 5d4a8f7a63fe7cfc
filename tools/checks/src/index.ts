export { testEverything } from './test-everything.js';
