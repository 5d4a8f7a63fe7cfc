import { Injectable } from '@nestjs/common';
import { registryOf } from '@runos/service-types';
import type { EntityManager } from 'typeorm';
import { InstanceSecrets, type UnsealedSecrets } from '../instances/instance-secrets.js';
import { type DesiredSpec, withPullCredentials } from '../revisions/desired-spec.js';
import { dockerConfigOf } from './pull-credentials.js';
import { RegistryPasswords } from './registry-passwords.js';
import { RegistryRepository } from './registry-repository.js';

/** Gives the specs of apps the present credentials of the registries of their images. */
@Injectable()
export class PullCredentialResolver {
  constructor(
    private readonly registries: RegistryRepository,
    private readonly passwords: RegistryPasswords,
    private readonly secrets: InstanceSecrets,
  ) {}

  /**
   * The spec with the credentials that its account has now, whatever it had. Those of another image, or of an earlier
   * revision, are never kept. They do not change until the commit. Credentials that equal those of the spec, or of
   * `current`, are the same in every byte, so that equal specs stay equal.
   */
  async refresh<S extends DesiredSpec>(
    sql: EntityManager,
    { aid, osid }: { readonly aid: string; readonly osid: string },
    spec: S,
    secrets: UnsealedSecrets,
    current: DesiredSpec = spec,
  ): Promise<S> {
    if (spec.kind !== 'app') return spec;
    const { image } = spec.inputs;
    const { registry } = registryOf(image);
    const found = await this.registries.keep(sql, aid, registry);
    if (found === undefined) return withPullCredentials(spec, undefined) as S;
    const { username } = found;
    const config = dockerConfigOf(image, { username, password: this.passwords.unseal(found) });
    const known = [spec, current].flatMap((each) => (each.kind === 'app' ? (each.pullCredentials ?? []) : []));
    const sealed = this.secrets.sealPullCredentials(osid, secrets, { registry, username, config }, known);
    return withPullCredentials(spec, sealed) as S;
  }
}
