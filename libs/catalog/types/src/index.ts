export { kindCatalog, kindRules } from './kind-rules.js';
export { NotOffered, type OfferedName } from './not-offered.js';
export {
  hasRenderer,
  knowsVersion,
  latestRenderer,
  mintSecrets,
  newerBuild,
  offeredVersions,
  type PinnedRenderer,
  renderInstance,
  rendererOf,
} from './render-instance.js';
export { dependentTypes, serviceType, serviceTypes, storedType, typesThatNeed } from './service-types.js';
