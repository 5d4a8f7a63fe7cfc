export { AppFile } from './app-file.js';
export { parseEnvFile, printEnvFile } from './env-file.js';
export { type FileIssue } from './manifest-fault.js';
export { manifestSchema } from './manifest-schema.js';
export { printAppFile, printServiceFile } from './print-manifest.js';
export { type Manifest, readManifest } from './read-manifest.js';
export { type ServiceFile } from './service-file.js';
