import { runMigration } from '@runos/persistence';
import { migrations } from './schema/migrations.js';

await runMigration({ service: 'reconciler', migrations });
