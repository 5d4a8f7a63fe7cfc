import { Injectable } from '@nestjs/common';
import { Credentials } from '@runos/api';
import { identity } from '@runos/contracts';
import { Bus, InjectConfig } from '@runos/messaging';
import { Database } from '@runos/persistence';
import { storedType } from '@runos/service-types';
import type { z } from 'zod';
import type { ReconcilerConfig } from '../config.js';
import { type InstanceName, InstanceRepository } from './instance-repository.js';

/** Encrypts the secrets of instances at rest. The keys are the names in the recipes of the service type. */
@Injectable()
export class InstanceSecrets {
  constructor(@InjectConfig() private readonly config: ReconcilerConfig) {}

  seal(osid: string, secrets: Readonly<Record<string, string>>): string {
    return this.config.keyring.seal(JSON.stringify(secrets), aboutInstance(osid));
  }

  unseal(instance: { readonly osid: string; readonly secrets_sealed: string }): Record<string, string> {
    const text = this.config.keyring.unseal(instance.secrets_sealed, aboutInstance(instance.osid));
    return JSON.parse(text) as Record<string, string>;
  }
}

/** The ciphertext is bound to its instance. */
const aboutInstance = (osid: string): string => `instance/${osid}`;

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
    return Credentials.parse(storedType(instance.type).credentials.of(instance, this.secrets.unseal(instance)));
  }
}
