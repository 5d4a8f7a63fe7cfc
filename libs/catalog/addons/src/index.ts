export { type Addon, type AddonRecognition, installCommand, manifestFile } from './addon.js';
export { addon, addonByName, addons } from './addons.js';
