export { removePostgresData } from './places.js';
export { type PostgresOptions, type RunningPostgres, startPostgres } from './start-postgres.js';
export { openStartChecks, type Settings, type StartChecks } from './start-checks.js';
export { type TemporaryPostgres, temporaryPostgres } from './temporary-postgres.js';
