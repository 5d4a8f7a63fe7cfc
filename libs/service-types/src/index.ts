export type { ConfigKey } from './config-key.js';
export { configIssues, type ConfigSchema } from './config-schema.js';
export { credentialsSecretName } from './credentials-secret.js';
export { latestRenderer, mintSecrets, renderInstance } from './render-instance.js';
export type {
  Credentials,
  InputField,
  Port,
  Renderer,
  RenderInput,
  Requirement,
  SecretRecipe,
  ServiceType,
} from './service-type.js';
export { serviceType, serviceTypes } from './service-types.js';
