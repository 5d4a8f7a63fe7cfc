export { app, type AppType } from './app/app.js';
export { AppFields, clearableFields, maxNodeTags, NodeTag, PortMapping, resolveAppFields } from './app/app-fields.js';
export { AppSource, resolveAppSource } from './app/app-source.js';
export { DeployType } from './app/deploy-type.js';
export { AppLinks } from './app/app-links.js';
export { defaultRegistry } from '@runos/kube-kinds';
export { canonicalRegistry, RegistryHost, registryOf } from './app/registry-host.js';
export { VariableName } from './app/variable-name.js';
export { VariableValue } from './app/variable-value.js';
export { controllerKinds } from './controller-kinds.js';
export { creationFieldsOf, kindCatalog, kindRules } from './kind-rules.js';
export { NotOffered, type OfferedName } from './not-offered.js';
export {
  hasRenderer,
  knowsVersion,
  latestRenderer,
  mintSecrets,
  newerBuild,
  offeredVersions,
  type PinnedRenderer,
  renderApp,
  renderInstance,
  rendererOf,
} from './render-instance.js';
export {
  dependentTypes,
  findInstanceType,
  instanceType,
  instanceTypes,
  serviceType,
  serviceTypes,
  storedType,
  typesThatNeed,
} from './service-types.js';
