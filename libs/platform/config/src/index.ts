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
  idleConnectionGraceMs,
  shutdownTimeoutMs,
} from './common-settings.js';
export {
  ConfigError,
  configOrExit,
  type Environment,
  environmentName,
  loadConfig,
  type Setting,
  toEnvironment,
} from './load-config.js';
export { numberWithin, trueOrFalse, secret, urlOf, wholeNumber } from './setting.js';
