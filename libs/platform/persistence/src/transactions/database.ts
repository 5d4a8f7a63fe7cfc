import { setTimeout as sleep } from 'node:timers/promises';
import { unavailable } from '@runos/kernel';
import {
  type DataSource,
  type EntityManager,
  type QueryRunner,
  QueryRunnerAlreadyReleasedError,
  QueryRunnerProviderAlreadyReleasedError,
} from 'typeorm';
import { isUnreachable, isWorthRepeating } from '../connection/sql-state.js';

/** The rows of one statement with PostgreSQL's column names; for UPDATE and DELETE the RETURNING rows. */
export async function runSql<Row>(
  manager: EntityManager,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const result = await manager.query<unknown[]>(text, [...values]);
  // TypeORM returns [rows, count] for UPDATE and DELETE, else rows.
  const [rows, count] = result;
  return (Array.isArray(rows) && typeof count === 'number' ? rows : result) as Row[];
}

/** The database's time, which all replicas share; their own clocks may differ by a minute. */
export async function databaseNow(manager: EntityManager): Promise<Date> {
  const [row] = await runSql<{ now: Date }>(manager, 'SELECT now() AS now');
  if (row === undefined) throw new Error('SELECT now() returned no row');
  return row.now;
}

export type IsolationLevel = 'READ COMMITTED' | 'REPEATABLE READ' | 'SERIALIZABLE';

export interface TransactionOptions {
  /** Default READ COMMITTED. */
  readonly isolation?: IsolationLevel;
  /** Retries of the whole transaction after a deadlock or serialization failure. Default 3. */
  readonly retries?: number;
  /** Lock timeout, ms. Default: the statement timeout. */
  readonly lockTimeoutMs?: number;
}

type AfterCommit = () => void;

const hooks = new WeakMap<QueryRunner, Set<AfterCommit>>();

/**
 * Calls `hook` after the commit of this manager's transaction, never after a rollback.
 * @throws Error outside of a transaction
 */
export function afterCommit(manager: EntityManager, hook: AfterCommit): void {
  if (manager.queryRunner === undefined) throw new Error('afterCommit needs the manager of a transaction');
  const known = hooks.get(manager.queryRunner) ?? new Set<AfterCommit>();
  hooks.set(manager.queryRunner, known.add(hook));
}

/** A service's own schema. Outages throw the Fault `unavailable`. */
export class Database {
  constructor(readonly dataSource: DataSource) {}

  /** For reads outside a transaction. */
  get manager(): EntityManager {
    return this.dataSource.manager;
  }

  /** Rows of one statement, as PostgreSQL names their columns. */
  query<Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return runSql<Row>(this.manager, text, values);
  }

  /**
   * Runs `work` in one transaction. Retries run it again, so it must have no other side effects; use `afterCommit` for
   * work after the commit.
   */
  async transaction<T>(
    work: (manager: EntityManager) => Promise<T>,
    { isolation, retries = 3, lockTimeoutMs }: TransactionOptions = {},
  ): Promise<T> {
    for (let attempt = 0; ; attempt += 1) {
      let hasStarted = false;
      let afterCommitHooks: Set<AfterCommit> | undefined;
      try {
        const result = await this.#begin(isolation, async (manager) => {
          hasStarted = true;
          if (lockTimeoutMs !== undefined)
            await runSql(manager, `SET LOCAL lock_timeout = ${Math.round(lockTimeoutMs)}`);
          const value = await work(manager);
          afterCommitHooks = manager.queryRunner && hooks.get(manager.queryRunner);
          return value;
        });
        afterCommitHooks?.forEach((hook) => hook());
        return result;
      } catch (error) {
        // A dead pooled connection fails before the transaction starts: the next connection may work.
        const isRepeatable = isWorthRepeating(error) || (!hasStarted && isUnreachable(error));
        if (attempt >= retries || !isRepeatable) throw asConnectionLoss(error);
        await sleep(Math.random() * 10 * 2 ** attempt); // jitter separates the conflicting transactions
      }
    }
  }

  /** Runs `work` as `transaction` does, and rolls it back: nothing of it is written, and no hook is called. */
  async rehearse<T>(work: (manager: EntityManager) => Promise<T>, options?: TransactionOptions): Promise<T> {
    const rollback = new Error('a rehearsal is rolled back');
    const rehearsed: T[] = [];
    try {
      return await this.transaction(async (manager) => {
        rehearsed.push(await work(manager));
        throw rollback;
      }, options);
    } catch (error) {
      if (error !== rollback) throw error;
      return rehearsed.at(-1) as T;
    }
  }

  /** The default level is omitted, because naming it costs a statement. */
  #begin<T>(isolation: IsolationLevel | undefined, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return isolation === undefined ? this.dataSource.transaction(work) : this.dataSource.transaction(isolation, work);
  }
}

/** The same schema over one connection of its own, for statements that must not wait for the pool under load. */
export class ReservedDatabase extends Database {}

/** When the server closes the connection of a transaction, TypeORM reports only a released query runner. */
const asConnectionLoss = (error: unknown): unknown =>
  error instanceof QueryRunnerAlreadyReleasedError || error instanceof QueryRunnerProviderAlreadyReleasedError
    ? unavailable('The database closed the connection; try again shortly.', 2, error)
    : error;
