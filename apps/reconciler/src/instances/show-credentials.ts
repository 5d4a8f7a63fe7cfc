import { Injectable } from '@nestjs/common';
import { Credentials } from '@runos/api';
import { Database } from '@runos/persistence';
import { storedType } from '@runos/service-types';
import type { z } from 'zod';
import { AuditedReads } from './audited-reads.js';
import { type InstanceName, InstanceRepository } from './instance-repository.js';
import { InstanceSecrets } from './instance-secrets.js';

/** Shows the connection details of instances. */
@Injectable()
export class ShowCredentials {
  constructor(
    private readonly database: Database,
    private readonly instances: InstanceRepository,
    private readonly secrets: InstanceSecrets,
    private readonly audited: AuditedReads,
  ) {}

  /** Returns only after the audit entry of the caller is durable. */
  async run(name: InstanceName, tenant: string): Promise<z.output<typeof Credentials>> {
    const instance = await this.instances.get(this.database.manager, tenant, name);
    await this.audited.record('service.credentials', instance);
    const { generated } = this.secrets.unseal(instance);
    return Credentials.parse(storedType(instance.type).credentials.of(instance, generated));
  }
}
