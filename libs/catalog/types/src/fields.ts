export { AppFields, clearableFields, resolveAppFields } from './app/app-fields.js';
export { AppLinks } from './app/app-links.js';
export { AppSource, resolveAppSource } from './app/app-source.js';
export { appTypeFields } from './app/app-type-fields.js';
export { VariableName } from './app/variable-name.js';
export { serviceTypeFields } from './service-type-fields.js';
