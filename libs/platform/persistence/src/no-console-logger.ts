import type { Logger } from 'typeorm';

const nothing = () => undefined;

/** TypeORM prints some errors on the console whatever it is told; they are thrown as well, and logged there. */
export const noConsoleLogger: Logger = {
  logQuery: nothing,
  logQueryError: nothing,
  logQuerySlow: nothing,
  logSchemaBuild: nothing,
  logMigration: nothing,
  log: nothing,
};
