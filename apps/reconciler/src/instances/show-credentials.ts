import { Injectable } from '@nestjs/common';
import type { Credentials } from '@runos/api';
import { identity } from '@runos/contracts';
import { Bus } from '@runos/messaging';
import { Database } from '@runos/persistence';
import { serviceType } from '@runos/service-types';
import type { z } from 'zod';
import { type InstanceName, Instances } from './instances.js';
import { Secrets } from './secrets.js';

/** How to connect to instances. */
@Injectable()
export class ShowCredentials {
  constructor(
    private readonly database: Database,
    private readonly instances: Instances,
    private readonly secrets: Secrets,
    private readonly bus: Bus,
  ) {}

  /** Answers only once the audit entry, in the caller's name, is durable. */
  async run(name: InstanceName, tenant: string): Promise<z.output<typeof Credentials>> {
    const instance = await this.instances.get(this.database.manager, tenant, name);
    await this.bus.request(
      identity.recordAudit,
      { action: 'service.credentials', subject: instance.osid, outcome: 'allowed', detail: { cid: instance.cid } },
      { tenant },
    );
    return serviceType(instance.type).credentials(instance, this.secrets.open(instance));
  }
}
