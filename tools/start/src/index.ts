export { createAccount, type CreatedAccount, type Operator } from './account/create-account.js';
export { builtCheckout, programOf } from './services/built-checkout.js';
export { controlPlane } from './control/control-server.js';
export { DataFolder } from './data/data-folder.js';
export { migrateSchema } from './services/migrate-all.js';
export { type DevInfo } from './data/dev-file.js';
export { ensureSecrets } from './data/secrets.js';
export { repository } from './options.js';
export { databaseUrlOf, replicaName, services } from './services/services.js';
