import { Injectable } from '@nestjs/common';
import { InjectConfig } from '@runos/messaging';
import type { ReconcilerConfig } from '../config.js';
import {
  digestOf,
  digestsOf,
  type Environment,
  type OpenEnvironment,
  type SealedContents,
} from '../environment/environment.js';
import type { PullCredentials } from '../registries/pull-credentials.js';

/** The secrets of one instance in the clear; never stored or logged. */
export interface UnsealedSecrets {
  /** By the names in the recipes of its type. */
  readonly generated: Readonly<Record<string, string>>;
  /** The variables and files of a revision of this instance. */
  open: (environment: Environment) => OpenEnvironment;
  /** The `.dockerconfigjson` of a revision of this instance. */
  openPullCredentials: (credentials: PullCredentials) => string;
}

/** Pull credentials with their `.dockerconfigjson` in the clear; never stored or logged. */
interface OpenPullCredentials extends Pick<PullCredentials, 'registry' | 'username'> {
  readonly config: string;
}

/** Encrypts the secrets of instances at rest. */
@Injectable()
export class InstanceSecrets {
  constructor(@InjectConfig() private readonly config: ReconcilerConfig) {}

  seal(osid: string, secrets: Readonly<Record<string, string>>): string {
    return this.config.keyring.seal(JSON.stringify(secrets), aboutInstance(osid));
  }

  unseal(instance: { readonly osid: string; readonly secrets_sealed: string }): UnsealedSecrets {
    const text = this.config.keyring.unseal(instance.secrets_sealed, aboutInstance(instance.osid));
    return this.of(instance.osid, JSON.parse(text) as Record<string, string>);
  }

  /** Those of an instance whose generated secrets are known already. */
  of(osid: string, generated: Readonly<Record<string, string>>): UnsealedSecrets {
    return {
      generated,
      open: (environment) => this.#open(osid, environment),
      openPullCredentials: ({ sealed }) => this.config.keyring.unseal(sealed, aboutPullCredentials(osid)),
    };
  }

  /** `open` as a revision stores it; `current` itself if nothing differs, so that equal specs stay equal. */
  sealEnvironment(
    osid: string,
    { generated }: UnsealedSecrets,
    open: OpenEnvironment,
    current: Environment,
  ): Environment {
    const digests = digestsOf(open, generated['digestKey'] ?? '');
    const isEmpty = (each: object): boolean => Object.keys(each).length === 0;
    if (current.digest === digests.digest || (current.digest === '' && Object.values(open).every(isEmpty)))
      return current;
    const { env: _env, ...contents } = open;
    const sealed = Object.values(contents).every(isEmpty)
      ? null
      : this.config.keyring.seal(JSON.stringify(contents), aboutEnvironment(osid));
    return { ...digests, sealed };
  }

  /** Pull credentials as a revision stores them; those of `known` that are equal, if there are any. */
  sealPullCredentials(
    osid: string,
    { generated }: UnsealedSecrets,
    { registry, username, config }: OpenPullCredentials,
    known: readonly PullCredentials[],
  ): PullCredentials {
    const digest = digestOf(generated['digestKey'] ?? '', registry, username, config);
    const same = known.find((each) => each.digest === digest);
    return same ?? { registry, username, digest, sealed: this.config.keyring.seal(config, aboutPullCredentials(osid)) };
  }

  #open(osid: string, { env, sealed }: Environment): OpenEnvironment {
    if (sealed === null) return { env, secretEnv: {}, linkedEnv: {}, secretFiles: [] };
    const text = this.config.keyring.unseal(sealed, aboutEnvironment(osid));
    return { env, ...(JSON.parse(text) as SealedContents) };
  }
}

/** The ciphertext is bound to its instance. */
const aboutInstance = (osid: string): string => `instance/${osid}`;
const aboutEnvironment = (osid: string): string => `environment/${osid}`;
const aboutPullCredentials = (osid: string): string => `pull-credentials/${osid}`;
