import type { Logger } from './create-logger.js';
import { withoutTrace } from './trace.js';

const periodMs = 60_000;
/** Longer texts are cut, characters. */
const maxTextLength = 4_096;

/** Keys with a budget of their own at a time, which bounds the memory. */
const defaultMaxKeys = 10_000;
/** The key of all others. */
const others = 'all others';

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

/** A line that is caused by the input of a client. */
export interface CausedLine {
  /** Lines of one key share a budget. */
  readonly key: string;
  /** The fields that name the sender. */
  readonly sender: Fields;
  readonly level: Level;
  readonly fields: Fields;
  readonly message: string;
}

/**
 * Writes log lines that others cause. Each key has a budget per minute, so that none fills the disk. When a minute with
 * dropped lines ends, one more line contains their number. Above `maxKeys` keys, further ones share one budget.
 */
export class BudgetedLog {
  readonly #periods = new Map<string, Period>();
  /** All lines that were dropped so far. */
  dropped = 0;

  constructor(
    private readonly logger: Logger,
    private readonly linesPerMinute: number,
    private readonly maxKeys = defaultMaxKeys,
  ) {}

  /** Logs the line, or drops it if its key has used the budget of this minute. Long fields are truncated. */
  write({ key, sender, level, fields, message }: CausedLine): void {
    const period = this.#periodOf(key, sender);
    if (period.lines >= this.linesPerMinute) {
      period.dropped += 1;
      this.dropped += 1;
      return;
    }
    period.lines += 1;
    this.logger[level]({ ...sender, ...truncated(fields) }, truncate(message));
  }

  /** Ends every period and logs how many lines were dropped. */
  end(): void {
    for (const key of [...this.#periods.keys()]) this.#end(key);
  }

  #periodOf(key: string, sender: Fields): Period {
    const known = this.#periods.get(key);
    if (known !== undefined) return known;
    if (this.#periods.size < this.maxKeys) return this.#begin(key, sender);
    return this.#periods.get(others) ?? this.#begin(others, {});
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
    if (dropped > 0) this.logger.warn({ ...sender, of: key, dropped, periodMs }, 'log lines were dropped');
  }
}

const truncate = (text: string): string => text.slice(0, maxTextLength);

const truncated = (fields: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? truncate(value) : value]),
  );
