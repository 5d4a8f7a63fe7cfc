export { kindCatalog, kindRules } from './kind-rules.js';
export {
  hasRenderer,
  latestRenderer,
  mintSecrets,
  newerBuild,
  type PinnedRenderer,
  renderInstance,
  rendererOf,
} from './render-instance.js';
export { dependentTypes, serviceType, serviceTypes, storedType, typesThatNeed } from './service-types.js';
