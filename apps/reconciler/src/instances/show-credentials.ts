import { Injectable } from '@nestjs/common';
import { Credentials } from '@runos/api';
import { identity } from '@runos/contracts';
import { Bus } from '@runos/messaging';
import { Database } from '@runos/persistence';
import { storedType } from '@runos/service-types';
import type { z } from 'zod';
import { type InstanceName, InstanceRepository } from './instance-repository.js';
import { InstanceSecrets } from './instance-secrets.js';

/** Shows the connection details of instances. */
@Injectable()
export class ShowCredentials {
  constructor(
    private readonly database: Database,
    private readonly instances: InstanceRepository,
    private readonly secrets: InstanceSecrets,
    private readonly bus: Bus,
  ) {}

  /** Returns only after the audit entry of the caller is durable. */
  async run(name: InstanceName, tenant: string): Promise<z.output<typeof Credentials>> {
    const instance = await this.instances.get(this.database.manager, tenant, name);
    await this.bus.request(
      identity.recordAudit,
      { action: 'service.credentials', subject: instance.osid, outcome: 'allowed', detail: { cid: instance.cid } },
      { tenant },
    );
    const { generated } = this.secrets.unseal(instance);
    return Credentials.parse(storedType(instance.type).credentials.of(instance, generated));
  }
}
