import type { Logger } from 'typeorm';

const nothing = () => undefined;

/** TypeORM logs some errors to the console regardless of its settings; they are also thrown and logged by the caller. */
export const noConsoleLogger: Logger = {
  logQuery: nothing,
  logQueryError: nothing,
  logQuerySlow: nothing,
  logSchemaBuild: nothing,
  logMigration: nothing,
  log: nothing,
};
