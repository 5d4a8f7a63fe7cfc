import { Injectable } from '@nestjs/common';
import { Fault } from '@runos/kernel';
import { InjectConfig } from '@runos/messaging';
import type { GatewayConfig } from '../config.js';

/** Counts the logs that each account reads by this replica. */
@Injectable()
export class AccountLogs {
  readonly #open = new Map<string, number>();

  constructor(@InjectConfig() private readonly config: GatewayConfig) {}

  /** The returned function must be called once, when the log is closed. @throws Fault `limit.exceeded` */
  add(aid: string): () => void {
    const { logsPerAccount: value } = this.config;
    const count = this.#open.get(aid) ?? 0;
    if (value > 0 && count >= value) {
      throw new Fault('limit.exceeded', `An account may read ${value} logs at once; close some first.`, {
        limit: 'logsPerAccount',
        value,
        retryAfterSeconds: 10,
      });
    }
    this.#open.set(aid, count + 1);
    return () => this.#remove(aid);
  }

  #remove(aid: string): void {
    const count = (this.#open.get(aid) ?? 0) - 1;
    if (count > 0) this.#open.set(aid, count);
    else this.#open.delete(aid);
  }
}
