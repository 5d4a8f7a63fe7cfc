export { builtCheckout, programOf } from './built-checkout.js';
export { askPlane } from './control-server.js';
export { DataFolder } from './data-folder.js';
export { migrateSchema } from './migrate-all.js';
export { type Dev } from './dev-file.js';
export { ensureSecrets } from './secrets.js';
export { repository } from './options.js';
export { databaseUrlOf, replicaName, services } from './services.js';
