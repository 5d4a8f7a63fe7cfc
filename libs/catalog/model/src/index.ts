export { AllowedWriters, ClusterWriters } from './allowed-writers.js';
export { type ConfigKey, describeConfigKey, memoryBytes } from './config-key.js';
export { configIssues, type ConfigSchema, reloadedSettings, restartSettings } from './config-schema.js';
export type { CustomContents } from './custom-contents.js';
export { documentation, Name, PortNumber } from './field-documentation.js';
export { type Image, imageReference } from './image.js';
export {
  AutoRollbackSwitch,
  commonFields,
  ConfigType,
  creationFields,
  DriftPolicy,
  resolveOwnInputs,
  type ServiceInputs,
  serviceInputs,
} from './service-inputs.js';
export {
  type InputSchemas,
  type InstanceInput,
  type InstanceType,
  type InstanceTypeFields,
  kindNames,
  type Requirement,
  type SecretRecipe,
  type StrictSchema,
} from './instance-type.js';
export type {
  CredentialsDefinition,
  Port,
  Renderer,
  RenderInput,
  ServiceType,
  ServiceTypeFields,
} from './service-type.js';
export { sizeFields, sizeFieldsOf, storedMb } from './size-fields.js';
export type { StartRule, StartRules } from './start-rule.js';
export { failAnnotation, type OperatorStep, type OperatorView, type SimulatedOperator } from './simulated-operator.js';
