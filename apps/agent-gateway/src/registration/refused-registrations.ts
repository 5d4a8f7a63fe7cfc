import { Injectable } from '@nestjs/common';
import { gauge } from '@runos/observability';
import { AgentLog } from '../agents/agent-log.js';
import { AuditRecorder } from '../audit/audit-recorder.js';
import { CallRefusal } from '../grpc/call-refusal.js';

/** The same for every invalid token, so that guessing yields nothing. */
const invalidTokenDetails = 'the registration token is not valid';

/**
 * Refuses registrations. The owner of a token finds the reason in the audit log, with limited entries. A token without
 * an owner is logged and counted only, whatever account its request names: its sender may not write to that log.
 */
@Injectable()
export class RefusedRegistrations {
  readonly #refused = { known: 0, unknown: 0 };

  constructor(
    private readonly audit: AuditRecorder,
    private readonly log: AgentLog,
  ) {
    gauge('runos_registrations_refused_total', () =>
      Object.entries(this.#refused).map(([token, value]) => ({ value, labels: { token } })),
    );
  }

  /**
   * `aid`: the account of the token, if the token exists. Does not wait for the audit entry, so that its delay does not
   * reveal whether the token exists. @throws CallRefusal with equal details always
   */
  refuse(aid: string | undefined, reason: string, address: string): never {
    if (aid === undefined) {
      this.#refused.unknown += 1;
      this.log.writeUnknown('warn', { from: address, reason }, 'registration without a known token refused');
    } else {
      this.#refused.known += 1;
      void this.audit.refusedRegistration(aid, address, reason);
    }
    throw new CallRefusal('registration-refused', invalidTokenDetails);
  }
}
