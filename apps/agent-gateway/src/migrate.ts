import { configOrExit } from '@runos/config';
import { runMigration } from '@runos/persistence';
import { keyringSettings } from '@runos/security';
import { z } from 'zod';
import { makeAuthorities } from './authority/authorities.js';
import { migrations } from './schema/migrations.js';

const { keyring } = configOrExit(z.object(keyringSettings));

await runMigration({
  service: 'agent-gateway',
  migrations,
  after: (dataSource) => makeAuthorities(dataSource, keyring),
});
