import { runMigration } from '@runos/persistence';
import { migrations } from './schema/migrations/index.js';

await runMigration({ service: 'config-sets', migrations });
