import type { Catalog, CatalogCommand } from '../src/catalog/catalog.js';
import { sampleCatalog } from './sample-catalog.js';

const sensitive = ['services/postgresql/{id}/credentials', 'services/postgresql/{id}/logs', 'account/api-keys/add'];

function levelOf({ command, method }: CatalogCommand): string {
  const level = method === 'GET' ? 'read' : 'write';
  return sensitive.includes(command) ? `sensitive_${level}` : level;
}

const update = sampleCatalog.commands.find(({ command }) => command.endsWith('/update'));

/** The commands of the sample catalog with their levels, a plan of the update, and a command that is no tool. */
export const toolCatalog: Catalog = {
  version: '2',
  commands: [
    ...sampleCatalog.commands.map((command) => ({ ...command, mcp: [levelOf(command)] })),
    {
      input: update?.input,
      command: 'services/postgresql/{id}/plan-update',
      endpoint: `${update?.endpoint}/plan`,
      method: 'POST',
      mcp: ['read'],
    },
    { command: 'clusters/reset', endpoint: '/:aid/clusters/reset', method: 'POST' },
  ],
};

/** Two documents about a server, which clients read first. */
export const documentCommands = [
  { command: 'mcp/bootstrap', endpoint: '/:aid/cli/mcp/bootstrap', method: 'GET', mcp: ['read'] },
  {
    command: 'mcp/topics/show',
    endpoint: '/:aid/cli/mcp/topics/:key',
    method: 'GET',
    mcp: ['read'],
    input: { fields: [{ name: 'key', type: 'string', required: true, positional: true }] },
  },
];
