import { configOrExit } from '@runos/config';
import { runMigration } from '@runos/persistence';
import { keyringSettings } from '@runos/security';
import { z } from 'zod';
import { createCertificateAuthorities } from './authority/certificate-authorities.js';
import { migrations } from './schema/migrations/index.js';

const { keyring } = configOrExit(z.object(keyringSettings));

await runMigration({
  service: 'agent-gateway',
  migrations,
  after: ({ manager }) => createCertificateAuthorities(manager, keyring),
});
