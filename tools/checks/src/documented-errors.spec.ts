import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { errorCodesOf, operations } from '@runos/api';
import { faultStatus } from '@runos/kernel';
import { sourceFiles } from './source-files.js';

const root = resolve(import.meta.dirname, '../../..');

/** The nouns of the operations whose handlers are in a folder, in any of their services. */
const nounsOfFolders: Readonly<Record<string, readonly string[]>> = {
  'apps/agent-gateway/src/tokens': ['cluster'],
  'apps/reconciler/src/addons': ['addon'],
  'apps/reconciler/src/clusters': ['cluster'],
  'apps/reconciler/src/configuration': ['service', 'configset'],
  'apps/reconciler/src/divergence': ['service', 'app'],
  'apps/reconciler/src/instances': ['service', 'app'],
  'apps/reconciler/src/environment': ['app'],
  'apps/reconciler/src/jobs': ['job'],
  'apps/reconciler/src/links': ['app'],
  'apps/reconciler/src/nodes': ['node'],
  'apps/reconciler/src/overrides': ['service', 'app'],
  'apps/reconciler/src/plans': ['service', 'app'],
  'apps/reconciler/src/revisions': ['service', 'app'],
  'apps/reconciler/src/registries': ['registry'],
  'apps/reconciler/src/upgrades': ['upgrade'],
  'apps/reconciler/src/writes': ['service', 'cluster'],
  'apps/catalog/src/config-values': ['configset'],
  'apps/catalog/src/instances': ['service', 'app'],
  'apps/catalog/src/types': ['service-info'],
  'apps/config-sets/src/sets': ['configset'],
  'apps/identity/src/api-keys': ['apikey'],
  'apps/identity/src/sessions': ['session'],
  'apps/jobs/src/jobs': ['job'],
  'apps/jobs/src/projection': ['job'],
  'apps/gateway/src/accounts': ['account'],
  'apps/gateway/src/clusters': ['cluster'],
  'apps/gateway/src/commands': ['mcp'],
  'apps/gateway/src/jobs': ['job'],
  'apps/gateway/src/services': ['service'],
  'apps/gateway/src/apps': ['app'],
};

/** Files whose codes are of no operation alone. */
const elsewhere: Readonly<Record<string, string>> = {
  'apps/reconciler/src/nodes/register-node.ts': 'answers the agent gateway, at the registration of a node',
  'apps/reconciler/src/bundle-status/record-bundle-status.ts': 'answers the agent gateway, for a report of an agent',
  'apps/agent-gateway/src/registration/agent-registration.ts': 'answers an agent',
  'apps/agent-gateway/src/streams/connected-agent.ts': 'answers an agent',
  'apps/gateway/src/access/authorization.ts': 'answers the code of a path parameter, which each operation lists',
  'apps/gateway/src/http/fault.filter.ts': 'answers for paths that no operation has',
  'apps/gateway/src/install/install.controller.ts': 'answers downloads, which are no operations',
};

/** Codes that no operation answers. */
const undocumented: Readonly<Record<string, string>> = {
  'route.not_found': 'answered for paths that no operation has',
  'download.not_found': 'answered for downloads, which are no operations',
  'manifest.invalid': 'reserved',
  'account.exists': 'reserved',
};

const withoutComments = (text: string): string => text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/\/\/.*$/gm, '');

/** The error codes that occur as literals in a file. */
const codesIn = (text: string): string[] =>
  [...withoutComments(text).matchAll(/'([a-z_]+(?:\.[a-z_]+)?)'/g)]
    .map(([, literal = '']) => literal)
    .filter((literal) => Object.hasOwn(faultStatus, literal));

const files = sourceFiles(root).filter(({ name }) => /^apps\/[^/]+\/src\//.test(name) && !name.endsWith('.spec.ts'));

const documentedFor = (nouns: readonly string[]): Set<string> =>
  new Set(operations.filter(({ id }) => nouns.includes(id.replace(/\..*/, ''))).flatMap(errorCodesOf));

describe('error codes', () => {
  it('are found as literals, and not in comments', () => {
    const text = "/** 'addon.missing' */ throw new Fault('service.in_use', text); // 'type.not_found'";
    expect(codesIn(text)).toEqual(['service.in_use']);
  });

  it('are each documented by an operation, but for those that none answers', () => {
    const documented = new Set<string>(operations.flatMap(errorCodesOf));
    const missing = Object.keys(faultStatus).filter((code) => !documented.has(code));
    expect(missing.sort()).toEqual(Object.keys(undocumented).sort());
  });

  it('that are reserved are answered nowhere', () => {
    const reserved = Object.keys(undocumented).filter((code) => undocumented[code] === 'reserved');
    const answered = files.flatMap(({ name, text }) =>
      codesIn(text).flatMap((code) => (reserved.includes(code) ? [`${name}: ${code}`] : [])),
    );
    expect(answered).toEqual([]);
  });

  it.each(Object.entries(nounsOfFolders))('in %s are documented by the operations of %s', (folder, nouns) => {
    const documented = documentedFor(nouns);
    const inFolder = files.filter(({ name }) => name.startsWith(`${folder}/`) && !Object.hasOwn(elsewhere, name));
    expect(inFolder.length).toBeGreaterThan(0);
    const missing = inFolder.flatMap(({ name, text }) =>
      codesIn(text).flatMap((code) => (documented.has(code) ? [] : [`${name}: ${code}`])),
    );
    expect(missing).toEqual([]);
  });

  it('in any other folder are codes of every operation', () => {
    const common = operations
      .filter(({ access, method }) => access === 'write' && method === 'POST')
      .map((operation) => new Set<string>(errorCodesOf(operation)));
    const isCommon = (code: string): boolean => common.every((codes) => codes.has(code));
    const folders = Object.keys(nounsOfFolders);
    const others = files.filter(
      ({ name }) => !Object.hasOwn(elsewhere, name) && !folders.some((folder) => name.startsWith(`${folder}/`)),
    );
    const special = others.flatMap(({ name, text }) =>
      codesIn(text).flatMap((code) => (isCommon(code) ? [] : [`${name}: ${code}`])),
    );
    expect(special).toEqual([]);
  });
});
