import { Injectable } from '@nestjs/common';
import { identity } from '@runos/contracts';
import { Bus, InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';

/** Tells whoever caches who may do what that something was taken away. */
@Injectable()
export class AccessChanges {
  constructor(
    private readonly bus: Bus,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  /** Unheard news costs the caches their age (at most 30 s), never more. */
  async publish(changed: { keyIds?: string[]; userIds?: string[] }): Promise<void> {
    try {
      await this.bus.publish(identity.accessChanged, { keyIds: changed.keyIds ?? [], userIds: changed.userIds ?? [] });
    } catch (error) {
      this.logger.warn({ err: error }, 'caches of tokens could not be told of a change');
    }
  }
}
