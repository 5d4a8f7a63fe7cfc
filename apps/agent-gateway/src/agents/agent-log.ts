import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { AgentIdentity } from '@runos/agent-protocol';
import { InjectLogger } from '@runos/messaging';
import { BudgetedLog, type CausedLine, gauge, type Logger } from '@runos/observability';
import { keyOf, keyText } from './agent-repository.js';

/** An upgrade of a node logs some hundred lines within minutes, of at most 4,096 bytes. */
const linesPerMinute = 600;

type Level = CausedLine['level'];
type Fields = CausedLine['fields'];

/** Writes every log line that an agent can cause, with a budget per sender. */
@Injectable()
export class AgentLog implements OnApplicationShutdown {
  readonly #log: BudgetedLog;

  constructor(@InjectLogger() logger: Logger) {
    this.#log = new BudgetedLog(logger, linesPerMinute);
    gauge('runos_agent_log_lines_dropped_total', () => this.#log.dropped);
  }

  /** Writes a line about an authenticated agent. */
  write(identity: AgentIdentity, level: Level, fields: Fields, message: string): void {
    this.#log.write({ key: keyText(keyOf(identity)), sender: { ...identity }, level, fields, message });
  }

  /** Writes a line about a caller that is not authenticated. All such callers share the budget of each message. */
  writeUnknown(level: Level, fields: Fields, message: string): void {
    this.#log.write({ key: message, sender: {}, level, fields, message });
  }

  /** Logs how many lines were dropped so far. */
  onApplicationShutdown(): void {
    this.#log.end();
  }
}
