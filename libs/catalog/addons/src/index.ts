export { type Addon, type AddonRecognition, installCommand } from './addon.js';
export { addon, addons } from './addons.js';
