import { setTimeout as sleep } from 'node:timers/promises';
import { unavailable } from '@runos/kernel';
import {
  type DataSource,
  type EntityManager,
  type QueryRunner,
  QueryRunnerAlreadyReleasedError,
  QueryRunnerProviderAlreadyReleasedError,
} from 'typeorm';
import { runSql } from './run-sql.js';
import { isUnreachable, isWorthRepeating } from './sql-state.js';

export type IsolationLevel = 'READ COMMITTED' | 'REPEATABLE READ' | 'SERIALIZABLE';

export interface TransactionOptions {
  /** Default READ COMMITTED. */
  readonly isolation?: IsolationLevel;
  /** How often it is run again from its start after a deadlock or a serialization failure. Default 3. */
  readonly retries?: number;
  /** A lock that cannot be had within this fails it, ms. Default: it waits as long as a statement may take. */
  readonly lockTimeoutMs?: number;
}

type AfterCommit = () => void;

const hooks = new WeakMap<QueryRunner, Set<AfterCommit>>();

/** Calls `hook` once the transaction of this manager is committed; not at all when it is rolled back. */
export function afterCommit(manager: EntityManager, hook: AfterCommit): void {
  if (manager.queryRunner === undefined) throw new Error('afterCommit needs the manager of a transaction');
  const known = hooks.get(manager.queryRunner) ?? new Set<AfterCommit>();
  hooks.set(manager.queryRunner, known.add(hook));
}

/** A service's own schema. Every error of an outage is the Fault `unavailable`. */
export class Database {
  constructor(readonly dataSource: DataSource) {}

  /** Outside any transaction: for reads. */
  get manager(): EntityManager {
    return this.dataSource.manager;
  }

  /** Rows of one statement, as PostgreSQL names their columns. */
  query<Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return runSql<Row>(this.manager, text, values);
  }

  /**
   * Runs `work` in one transaction. It may be run several times, so it must change nothing else; what is to happen
   * after the commit goes to `afterCommit`.
   */
  async transaction<T>(
    work: (manager: EntityManager) => Promise<T>,
    { isolation, retries = 3, lockTimeoutMs }: TransactionOptions = {},
  ): Promise<T> {
    for (let attempt = 0; ; attempt += 1) {
      let begun = false;
      let toCall: Set<AfterCommit> | undefined;
      try {
        const result = await this.#begin(isolation, async (manager) => {
          begun = true;
          if (lockTimeoutMs !== undefined)
            await runSql(manager, `SET LOCAL lock_timeout = ${Math.round(lockTimeoutMs)}`);
          const value = await work(manager);
          toCall = manager.queryRunner && hooks.get(manager.queryRunner);
          return value;
        });
        toCall?.forEach((hook) => hook());
        return result;
      } catch (error) {
        // A pooled connection that died unnoticed fails before anything was done: the next one may be alive.
        const repeatable = isWorthRepeating(error) || (!begun && isUnreachable(error));
        if (attempt >= retries || !repeatable) throw cutOff(error);
        await sleep(Math.random() * 10 * 2 ** attempt); // rivals must not meet again in step
      }
    }
  }

  /** The default level is not named: that would cost a statement of its own. */
  #begin<T>(isolation: IsolationLevel | undefined, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return isolation === undefined ? this.dataSource.transaction(work) : this.dataSource.transaction(isolation, work);
  }
}

/** TypeORM takes the connection away from a transaction when the server cuts it, and says only that it is gone. */
const cutOff = (error: unknown): unknown =>
  error instanceof QueryRunnerAlreadyReleasedError || error instanceof QueryRunnerProviderAlreadyReleasedError
    ? unavailable('The database cut the connection; try again shortly.', 2, error)
    : error;
