import { configOrExit } from '@runos/config';
import { runMigration } from '@runos/persistence';
import { keyringSettings } from '@runos/security';
import { z } from 'zod';
import { makeAuthorities } from './authority/authorities.js';
import { AgentTables1700000001000 } from './schema/agent-tables.js';

const { keyring } = configOrExit(z.object(keyringSettings));

await runMigration({
  service: 'agent-gateway',
  migrations: [AgentTables1700000001000],
  after: (dataSource) => makeAuthorities(dataSource, keyring),
});
