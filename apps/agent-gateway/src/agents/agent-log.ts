import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { AgentIdentity } from '@runos/agent-protocol';
import { InjectLogger } from '@runos/messaging';
import { gauge, type Logger, withoutTrace } from '@runos/observability';
import { keyOf, keyText } from './agent-repository.js';

/** An upgrade of a node logs some hundred lines within minutes. */
const linesPerPeriod = 600;
const periodMs = 60_000;
/** Longer texts are cut, characters. An upgrade log's lines have at most 4,096 bytes. */
const maxTextLength = 4_096;

type Level = 'error' | 'warn' | 'info';
type Fields = Readonly<Record<string, unknown>>;

/** The lines of one sender since its first line of the period. */
interface Period {
  /** The fields that name the sender; none for callers that are not authenticated. */
  readonly sender: Fields;
  lines: number;
  dropped: number;
  readonly timer: NodeJS.Timeout;
}

/**
 * Writes every log line that an agent can cause. Each sender has a budget per period, so that none fills the disk of
 * the plane. When a period with dropped lines ends, one more line contains their number.
 */
@Injectable()
export class AgentLog implements OnApplicationShutdown {
  readonly #periods = new Map<string, Period>();
  #dropped = 0;

  constructor(@InjectLogger() private readonly logger: Logger) {
    gauge('runos_agent_log_lines_dropped_total', () => this.#dropped);
  }

  /** Writes a line about an authenticated agent. */
  write(identity: AgentIdentity, level: Level, fields: Fields, message: string): void {
    this.#write(keyText(keyOf(identity)), { ...identity }, level, fields, message);
  }

  /** Writes a line about a caller that is not authenticated. All such callers share the budget of each message. */
  writeUnknown(level: Level, fields: Fields, message: string): void {
    this.#write(message, {}, level, fields, message);
  }

  /** Logs how many lines were dropped so far. */
  onApplicationShutdown(): void {
    for (const key of [...this.#periods.keys()]) this.#end(key);
  }

  #write(key: string, sender: Fields, level: Level, fields: Fields, message: string): void {
    const period = this.#periods.get(key) ?? this.#begin(key, sender);
    if (period.lines >= linesPerPeriod) {
      period.dropped += 1;
      this.#dropped += 1;
      return;
    }
    period.lines += 1;
    this.logger[level]({ ...sender, ...truncated(fields) }, truncate(message));
  }

  #begin(key: string, sender: Fields): Period {
    const timer = withoutTrace(() => setTimeout(() => this.#end(key), periodMs).unref());
    const period = { sender, lines: 0, dropped: 0, timer };
    this.#periods.set(key, period);
    return period;
  }

  #end(key: string): void {
    const period = this.#periods.get(key);
    this.#periods.delete(key);
    if (period === undefined) return;
    clearTimeout(period.timer);
    const { sender, dropped } = period;
    if (dropped > 0) this.logger.warn({ ...sender, of: key, dropped, periodMs }, 'log lines of an agent were dropped');
  }
}

const truncate = (text: string): string => text.slice(0, maxTextLength);

const truncated = (fields: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? truncate(value) : value]),
  );
