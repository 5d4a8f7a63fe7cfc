export { removePostgresData } from './places.js';
export { type PostgresOptions, type RunningPostgres, startPostgres } from './start-postgres.js';
export { openStartVerdicts, type Settings, type StartVerdicts } from './start-verdict.js';
export { type TemporaryPostgres, temporaryPostgres } from './temporary-postgres.js';
