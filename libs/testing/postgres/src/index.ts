export { removePostgresData } from './places.js';
export { type PostgresOptions, type RunningPostgres, startPostgres } from './start-postgres.js';
export { type TemporaryPostgres, temporaryPostgres } from './temporary-postgres.js';
