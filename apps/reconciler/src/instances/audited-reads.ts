import { Injectable } from '@nestjs/common';
import { identity } from '@runos/contracts';
import { Bus } from '@runos/messaging';
import type { InstanceRow } from '../schema/instance-row.js';

/** Reads of instances that must be in the audit log of their account. */
@Injectable()
export class AuditedReads {
  constructor(private readonly bus: Bus) {}

  /** Returns when the entry of the caller is durable: call it before the answer. @throws Fault `unavailable` without it */
  async record(
    action: string,
    { aid, osid, cid }: InstanceRow,
    detail: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const entry = { action, subject: osid, outcome: 'allowed', detail: { cid, ...detail } } as const;
    await this.bus.request(identity.recordAudit, entry, { tenant: aid });
  }
}
