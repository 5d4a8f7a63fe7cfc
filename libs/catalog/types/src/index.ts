export { kindCatalog, kindRules } from './kind-rules.js';
export { latestRenderer, mintSecrets, renderInstance } from './render-instance.js';
export { dependentTypes, serviceType, serviceTypes, typesThatNeed } from './service-types.js';
