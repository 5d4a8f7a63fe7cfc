export {
  createDataSource,
  type DataSourceSettings,
  type EntityClass,
  type MigrationClass,
  schemaOf,
} from './data-source.js';
export { afterCommit, Database, type IsolationLevel, type TransactionOptions } from './database.js';
export { databaseNow } from './database-now.js';
export { idempotent, type IdempotencyRecord, type Sealer } from './idempotent.js';
export { createIndexConcurrently } from './create-index-concurrently.js';
export { type ContractingMigration } from './judge-migrations.js';
export { migrate, type MigrationPlan } from './migrate.js';
export { runMigration } from './migration-program.js';
export { addToOutbox, outboxWritten } from './outbox.js';
export { type EventSink, OutboxPublisher, type OutboxPublisherOptions } from './outbox-publisher.js';
export { PersistenceModule, type PersistenceOptions } from './persistence.module.js';
export { runSql } from './run-sql.js';
export { type Role } from './schema-and-role.js';
export { type OnNotification, SqlListener, type SqlListenerOptions } from './sql-listener.js';
export { asFault, isUnreachable, sqlState, sqlStateOf, violatedConstraint } from './sql-state.js';
export { type TenantScope, TenantRepository, type TenantRow } from './tenant-repository.js';
