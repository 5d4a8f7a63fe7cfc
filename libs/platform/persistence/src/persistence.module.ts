import {
  type DynamicModule,
  Inject,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  Optional,
} from '@nestjs/common';
import type { DatabaseConfig, ProcessConfig } from '@runos/config';
import { createLogger, type Logger, Readiness } from '@runos/observability';
import { observeDatabase, observeOutbox } from './connection/database-metrics.js';
import { AwaitMigrations } from './migrations/await-migrations.js';
import {
  connectWithRetry,
  createDataSource,
  type EntityClass,
  type MigrationClass,
  schemaOf,
  settingsOf,
} from './connection/data-source.js';
import { Database, ReservedDatabase } from './transactions/database.js';
import { expiredResponses } from './idempotency/idempotent.js';
import { type EventSink, OutboxPublisher } from './outbox/outbox-publisher.js';
import { SqlListener } from './notifications/sql-listener.js';
import { Retention } from './retention/retention.js';
import type { RetentionRule } from './retention/retention-rule.js';

export interface PersistenceOptions {
  readonly service: string;
  readonly config: DatabaseConfig & ProcessConfig;
  readonly entities?: readonly EntityClass[];
  /** The service starts when all of these have run. */
  readonly migrations: readonly MigrationClass[];
  /** What is deleted after a while, beside the responses of idempotent requests. */
  readonly retention?: readonly RetentionRule[];
  /** Provides `ReservedDatabase`. */
  readonly reserved?: boolean;
  /** Publishes the outbox to this provider (the message bus) while the service runs. */
  readonly outbox?: { readonly sink: abstract new (...args: never[]) => EventSink };
}

const optionsToken = Symbol('persistence options');
const sinkToken = Symbol('event sink');

/** Starts the background work of the database and stops it before the connections close. */
@Injectable()
class Housekeeping implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  readonly #logger: Logger;
  #publisher: OutboxPublisher | undefined;

  constructor(
    private readonly database: Database,
    private readonly listener: SqlListener,
    private readonly retention: Retention,
    @Inject(optionsToken) private readonly options: PersistenceOptions,
    @Inject(sinkToken) private readonly sink: EventSink | undefined,
    @Optional() private readonly reserved?: ReservedDatabase,
  ) {
    this.#logger = loggerOf(options);
  }

  onApplicationBootstrap(): void {
    const { service, config } = this.options;
    const { database, listener, sink } = this;
    this.retention.start();
    if (sink === undefined) return;
    const applicationName = `${service}:${config.replicaId}`;
    const schema = schemaOf(service);
    this.#publisher = new OutboxPublisher({ database, listener, schema, applicationName, sink, logger: this.#logger });
    this.#publisher.start();
    observeOutbox(database, service);
  }

  async onModuleDestroy(): Promise<void> {
    await this.retention.stop();
    await this.#publisher?.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.listener.stop();
    await this.reserved?.dataSource.destroy();
    await this.database.dataSource.destroy();
  }
}

const loggerOf = ({ service, config }: PersistenceOptions): Logger =>
  createLogger({ service, level: config.logLevel, replica: config.replicaId });

/** `Database`, `SqlListener` and `Retention` of one service, global. Waits for PostgreSQL without a timeout. */
@Module({})
export class PersistenceModule {
  /** The module of one service, with its publisher if `outbox` is set and its retention rules. */
  static forService(options: PersistenceOptions): DynamicModule {
    const { service, config, entities = [], migrations, outbox, retention = [] } = options;
    const open = async (readiness: Readiness): Promise<Database> => {
      const dataSource = createDataSource(settingsOf(service, config.replicaId, config, entities));
      readiness.need('postgresql', async () => (await dataSource.query('SELECT 1')) !== undefined);
      const migrated = new AwaitMigrations(migrations, loggerOf(options));
      readiness.need('migrations', migrated.check);
      await connectWithRetry(dataSource, loggerOf(options));
      await migrated.run(dataSource);
      observeDatabase(dataSource);
      return new Database(dataSource);
    };
    /** After the migrations, because it needs the other database. */
    const openReserved = async (): Promise<ReservedDatabase> => {
      const settings = settingsOf(service, config.replicaId, { ...config, databasePoolSize: 1 }, []);
      const dataSource = createDataSource(settings);
      await connectWithRetry(dataSource, loggerOf(options));
      return new ReservedDatabase(dataSource);
    };
    const listener = new SqlListener({
      url: config.databaseUrl,
      applicationName: `${service}:${config.replicaId}`,
      logger: loggerOf(options),
    });
    return {
      module: PersistenceModule,
      global: true,
      providers: [
        { provide: optionsToken, useValue: options },
        { provide: Database, useFactory: open, inject: [Readiness] },
        { provide: SqlListener, useValue: listener },
        {
          provide: Retention,
          useFactory: (database: Database) => {
            const rules = [expiredResponses, ...retention];
            return new Retention({ database, rules, logger: loggerOf(options) });
          },
          inject: [Database],
        },
        ...(options.reserved === true
          ? [{ provide: ReservedDatabase, useFactory: openReserved, inject: [Database] }]
          : []),
        outbox ? { provide: sinkToken, useExisting: outbox.sink } : { provide: sinkToken, useValue: undefined },
        Housekeeping,
      ],
      exports: [Database, SqlListener, Retention, ...(options.reserved === true ? [ReservedDatabase] : [])],
    };
  }
}
