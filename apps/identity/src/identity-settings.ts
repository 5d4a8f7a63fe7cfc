import type { ConfigOf } from './identity-service.js';

/** What the rules of this service may be set to. */
export class IdentitySettings {
  readonly sessionSeconds: number;
  readonly maxApiKeys: number;
  readonly maxFailedLogIns: number;

  constructor(config: Pick<ConfigOf, 'sessionSeconds' | 'maxApiKeys' | 'maxFailedLogIns'>) {
    this.sessionSeconds = config.sessionSeconds;
    this.maxApiKeys = config.maxApiKeys;
    this.maxFailedLogIns = config.maxFailedLogIns;
  }
}
