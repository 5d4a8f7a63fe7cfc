import pg from 'pg';
import { isOutdatedPlan } from './sql-state.js';

/** Executions without a name before a statement is prepared, as the JDBC driver of PostgreSQL does it. */
const unpreparedExecutions = 5;
/** Each connection keeps the plans of its prepared statements, so a process prepares no more than these. */
const maxPrepared = 256;
/** Texts that are counted; a process that makes more of them builds their text, and the rest runs unprepared. */
const maxCounted = 2_048;

/** The names of the statements of one process that are executed often, the same on all its connections. */
class StatementNames {
  readonly #executions = new Map<string, number>();
  readonly #names = new Map<string, string>();
  readonly #retired = new Set<string>();

  /** The name under which a statement is prepared; undefined while it runs unprepared. */
  nameOf(text: string): string | undefined {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    const executions = (this.#executions.get(text) ?? 0) + 1;
    if (executions <= unpreparedExecutions || this.#names.size === maxPrepared || this.#retired.has(text)) {
      if (executions > 1 || this.#executions.size < maxCounted) this.#executions.set(text, executions);
      return undefined;
    }
    const name = `runos_${this.#names.size + this.#retired.size + 1}`;
    this.#executions.delete(text);
    this.#names.set(text, name);
    return name;
  }

  /** The statement is never prepared again. */
  retire(text: string): void {
    this.#names.delete(text);
    this.#retired.add(text);
  }
}

/** The part of a client that TypeORM uses for statements. */
interface StatementClient {
  query(...args: readonly unknown[]): Promise<unknown>;
  /** `I`: idle, `T`: in a transaction, `E`: in a failed one. */
  getTransactionStatus(): string | null;
}

const StatementClient = pg.Client as unknown as new (...args: readonly unknown[]) => StatementClient;

/**
 * A class of clients, for one pool, that prepares statements with parameters once they are executed often. Planning a read
 * with several joins costs PostgreSQL more time than executing it.
 */
export function preparingClient(): new (...args: readonly unknown[]) => StatementClient {
  const names = new StatementNames();
  return class extends StatementClient {
    override async query(...args: readonly unknown[]): Promise<unknown> {
      const [text, values] = args;
      const isStatement = args.length === 2 && typeof text === 'string' && Array.isArray(values) && values.length > 0;
      const name = isStatement ? names.nameOf(text) : undefined;
      if (!isStatement || name === undefined) return super.query(...args);
      try {
        return await super.query({ name, text, values });
      } catch (thrown) {
        if (!isOutdatedPlan(thrown)) throw thrown;
        names.retire(text);
        if (this.getTransactionStatus() !== 'I') throw thrown; // the whole transaction is repeated
        return super.query(text, values);
      }
    }
  };
}
