export {
  createDataSource,
  type DataSourceSettings,
  type EntityClass,
  type MigrationClass,
  schemaOf,
} from './connection/data-source.js';
export { poolShare } from './connection/pool-share.js';
export {
  afterCommit,
  Database,
  databaseNow,
  type IsolationLevel,
  ReservedDatabase,
  runSql,
  type TransactionOptions,
} from './transactions/database.js';
export { idempotent, type IdempotencyRecord, isRepeated, type Sealer } from './idempotency/idempotent.js';
export { createIndexConcurrently } from './migrations/create-index-concurrently.js';
export { type ContractingMigration } from './migrations/check-migrations.js';
export { migrate, type MigrationPlan, runMigration } from './migrations/migrate.js';
export { addToOutbox } from './outbox/outbox.js';
export { type EventSink, OutboxPublisher, type OutboxPublisherOptions } from './outbox/outbox-publisher.js';
export { PersistenceModule, type PersistenceOptions } from './persistence.module.js';
export { Retention } from './retention/retention.js';
export { expiredRows, type RetentionBatch, type RetentionRule } from './retention/retention-rule.js';
export { type Role } from './migrations/schema-and-role.js';
export { type OnNotification, SqlListener, type SqlListenerOptions } from './notifications/sql-listener.js';
export { asFault, isUnreachable, sqlState, sqlStateOf, violatedConstraint } from './connection/sql-state.js';
export {
  type TenantCondition,
  TenantRepository,
  type TenantRow,
  type TenantScope,
} from './tenancy/tenant-repository.js';
