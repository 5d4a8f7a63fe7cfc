import { Injectable } from '@nestjs/common';
import type { OutputOf, reconciler } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { Database } from '@runos/persistence';
import { app } from '@runos/service-types';
import { createHash } from 'node:crypto';
import { AuditedReads } from '../instances/audited-reads.js';
import { InstanceRepository } from '../instances/instance-repository.js';
import { InstanceSecrets } from '../instances/instance-secrets.js';
import { acceptedAppSpec } from '../revisions/desired-spec.js';
import { type InstanceRow, versioned } from '../schema/instance-row.js';
import type { OpenEnvironment } from './environment.js';

interface AppName {
  readonly cid: string;
  readonly id: string;
}

type Action = 'app.secret-env' | 'app.secret-files';

/** Shows the variables and files of apps. Secret ones are shown only after an audit entry of the caller is durable. */
@Injectable()
export class ShowEnvironment {
  constructor(
    private readonly database: Database,
    private readonly instances: InstanceRepository,
    private readonly secrets: InstanceSecrets,
    private readonly audited: AuditedReads,
  ) {}

  async variables(name: AppName, tenant: string): Promise<OutputOf<typeof reconciler.showVariables>> {
    const instance = await this.#get(name, tenant);
    return versioned(instance, { envVars: { ...acceptedAppSpec(instance).environment.env } });
  }

  /** With the variables that links set. */
  async secretVariables(name: AppName, tenant: string): Promise<OutputOf<typeof reconciler.showSecretVariables>> {
    const instance = await this.#get(name, tenant);
    const { secretEnv, linkedEnv } = await this.#open(instance, 'app.secret-env');
    return versioned(instance, { envVars: { ...secretEnv, ...linkedEnv } });
  }

  async files(name: AppName, tenant: string): Promise<OutputOf<typeof reconciler.listSecretFiles>> {
    const instance = await this.#get(name, tenant);
    const { secretFiles } = await this.#open(instance, 'app.secret-files');
    return versioned(instance, { files: secretFiles.map(entryOf) });
  }

  /** @throws Fault `file.not_found` */
  async file(
    name: AppName & { readonly filename: string },
    tenant: string,
  ): Promise<OutputOf<typeof reconciler.showSecretFile>> {
    const instance = await this.#get(name, tenant);
    const file = this.#unseal(instance).secretFiles.find(({ filename }) => filename === name.filename);
    if (file === undefined) throw new Fault('file.not_found', `The app has no secret file "${name.filename}".`);
    await this.audited.record('app.secret-file', instance, { filename: name.filename });
    return versioned(instance, { ...entryOf(file), content: file.content });
  }

  async #open(instance: InstanceRow, action: Action): Promise<OpenEnvironment> {
    await this.audited.record(action, instance);
    return this.#unseal(instance);
  }

  #unseal = (instance: InstanceRow): OpenEnvironment =>
    this.secrets.unseal(instance).open(acceptedAppSpec(instance).environment);

  #get = ({ cid, id }: AppName, tenant: string): Promise<InstanceRow> =>
    this.instances.get(this.database.manager, tenant, { cid, type: app.type, id });
}

const entryOf = ({ filename, mountPath, content }: OpenEnvironment['secretFiles'][number]) => ({
  filename,
  mountPath,
  md5: createHash('md5').update(Buffer.from(content, 'base64')).digest('hex'),
});
