import { AgentTables1700000001000 } from './agent-tables.js';

/** In the order in which they run. */
export const migrations = [AgentTables1700000001000];
