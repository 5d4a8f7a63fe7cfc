export {
  type DatabaseConfig,
  databaseConfig,
  databaseSettings,
  logLevels,
  type NatsConfig,
  natsConfig,
  natsSettings,
  type ProcessConfig,
  processConfig,
  processSettings,
  serviceConfig,
} from './common-settings.js';
export { ConfigError } from './config-error.js';
export { environmentName, type Setting, toEnvironment } from './environment-name.js';
export { configOrExit, type Environment, loadConfig } from './load-config.js';
export { shutdownTimeoutMs } from './shutdown-timeout.js';
export { numberWithin, onOrOff, secret, urlOf, wholeNumber } from './setting.js';
