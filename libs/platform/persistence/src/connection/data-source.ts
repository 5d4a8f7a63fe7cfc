import 'reflect-metadata';
import type { DatabaseConfig } from '@runos/config';
import { type Clock, systemClock } from '@runos/kernel';
import type { Logger } from '@runos/observability';
import {
  DataSource,
  DefaultNamingStrategy,
  type EntitySchema,
  type Logger as TypeOrmLogger,
  type MigrationInterface,
  type QueryRunner,
} from 'typeorm';
import { preparingClient } from './prepared-statements.js';
import { asFault } from './sql-state.js';

/** A class with a decorator `@Entity`, or a schema. */
export type EntityClass = EntitySchema | (abstract new (...args: never[]) => unknown);
/**
 * A migration: class `<Verb><What>18000000000NN` in `schema/migrations/NNNN-verb-what.ts`, numbered from 0001 per service.
 * TypeORM orders by the last 13 digits; the platform's own tables (17…) come first.
 */
export type MigrationClass = new () => MigrationInterface;

export interface DataSourceSettings {
  readonly url: string;
  /** The search_path. */
  readonly schema: string;
  /** Identifies the replica in pg_stat_activity. */
  readonly applicationName: string;
  readonly poolSize: number;
  readonly statementTimeoutMs: number;
  /** Lock timeout, ms; absent: none. */
  readonly lockTimeoutMs?: number;
  /** A longer wait for a connection counts as an outage, ms. Default 3 s. */
  readonly connectTimeoutMs?: number;
  readonly entities?: readonly EntityClass[];
  readonly migrations?: readonly MigrationClass[];
}

const defaultConnectTimeoutMs = 3_000;
/** The server rolls back a transaction that is idle this long, ms. */
const idleInTransactionMs = 30_000;

/** The schema, and role, of a service: `config-sets` → `config_sets`. */
export const schemaOf = (service: string): string => service.replaceAll('-', '_');

/** Connection settings of one replica of a service. */
export const settingsOf = (
  service: string,
  replica: string,
  config: DatabaseConfig,
  entities: readonly EntityClass[],
): DataSourceSettings => ({
  url: config.databaseUrl,
  schema: schemaOf(service),
  applicationName: `${service}:${replica}`,
  poolSize: config.databasePoolSize,
  statementTimeoutMs: config.databaseStatementTimeoutMs,
  entities,
});

/** `createdAt` → `created_at`: SQL written by hand needs no quotes. */
class SnakeNaming extends DefaultNamingStrategy {
  override columnName(property: string, custom: string | undefined, prefixes: string[]): string {
    return [...prefixes, custom ?? property].map(snake).join('_');
  }
}

const snake = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();

const nothing = () => undefined;

/** TypeORM logs some errors to the console regardless of its settings; they are also thrown and logged by the caller. */
const noConsoleLogger: TypeOrmLogger = {
  logQuery: nothing,
  logQueryError: nothing,
  logQuerySlow: nothing,
  logSchemaBuild: nothing,
  logMigration: nothing,
  log: nothing,
};

/** A DataSource, not yet connected. Statements throw the Fault `unavailable` during an outage. */
export function createDataSource(settings: DataSourceSettings): DataSource {
  const { url, schema, applicationName, poolSize, statementTimeoutMs, entities = [], migrations = [] } = settings;
  const limits = [
    `-c statement_timeout=${statementTimeoutMs}`,
    `-c lock_timeout=${settings.lockTimeoutMs ?? 0}`,
    `-c idle_in_transaction_session_timeout=${idleInTransactionMs}`,
  ].join(' ');
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    applicationName,
    poolSize,
    connectTimeoutMS: settings.connectTimeoutMs ?? defaultConnectTimeoutMs,
    parseInt8: true,
    entities: [...entities] as never[],
    migrations: [...migrations] as never[],
    migrationsTableName: 'migrations',
    migrationsTransactionMode: 'each',
    namingStrategy: new SnakeNaming(),
    logger: noConsoleLogger,
    // An idle connection that breaks is replaced when the next one is needed.
    poolErrorHandler: () => undefined,
    extra: {
      options: `-c search_path=${schema} ${limits}`,
      keepAlive: true,
      idleTimeoutMillis: 30_000,
      Client: preparingClient(),
    },
  });
  const create = dataSource.createQueryRunner.bind(dataSource);
  dataSource.createQueryRunner = (mode) => withFaults(create(mode));
  return dataSource;
}

/** Converts outages to the Fault `unavailable`. */
function withFaults(runner: QueryRunner): QueryRunner {
  const query = runner.query.bind(runner) as (...args: unknown[]) => Promise<unknown>;
  runner.query = ((...args: unknown[]) =>
    query(...args).catch((error: unknown) => {
      throw asFault(error);
    })) as QueryRunner['query'];
  return runner;
}

/** Pause between attempts, ms. */
const retryMs = 500;

/** Connects and retries without a limit while the database is unreachable. */
export async function connectWithRetry(
  dataSource: DataSource,
  logger: Logger,
  clock: Clock = systemClock,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await dataSource.initialize();
      return;
    } catch (error) {
      if (attempt % 20 === 1) logger.warn({ err: error }, 'the database cannot be reached yet');
      await clock.sleep(retryMs);
    }
  }
}
