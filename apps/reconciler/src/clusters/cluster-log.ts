import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { InjectLogger } from '@runos/messaging';
import { BudgetedLog, type CausedLine, type Logger } from '@runos/observability';

/** A reconnection causes a few lines; a restore of the database one per instance, of which the events have the rest. */
const linesPerMinute = 60;

/** Writes every log line that the input of a cluster's agent can cause, with a budget per cluster. */
@Injectable()
export class ClusterLog implements OnApplicationShutdown {
  readonly #log: BudgetedLog;

  constructor(@InjectLogger() logger: Logger) {
    this.#log = new BudgetedLog(logger, linesPerMinute);
  }

  write(
    cluster: { readonly aid: string; readonly cid: string },
    level: CausedLine['level'],
    fields: CausedLine['fields'],
    message: string,
  ): void {
    const { aid, cid } = cluster;
    this.#log.write({ key: `${aid}/${cid}`, sender: { aid, cid }, level, fields, message });
  }

  /** Logs how many lines were dropped so far. */
  onApplicationShutdown(): void {
    this.#log.end();
  }
}
