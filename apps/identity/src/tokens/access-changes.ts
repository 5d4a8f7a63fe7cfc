import { Injectable } from '@nestjs/common';
import { identity } from '@runos/contracts';
import { Bus, InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';

/** Notifies the caches of principals that access was revoked or changed. */
@Injectable()
export class AccessChanges {
  constructor(
    private readonly bus: Bus,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  /** Best effort: a cache that misses the event uses its entry for at most 30 s. */
  async publish(changed: { keyIds?: string[]; userIds?: string[] }): Promise<void> {
    try {
      await this.bus.publish(identity.accessChanged, { keyIds: changed.keyIds ?? [], userIds: changed.userIds ?? [] });
    } catch (error) {
      this.logger.warn({ err: error }, 'access change not published');
    }
  }
}
