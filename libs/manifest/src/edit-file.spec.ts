import { describe, expect, it } from '@jest/globals';
import type { AppFile } from './app-file.js';
import { editAppFile, editServiceFile } from './edit-file.js';
import { readManifest } from './read-manifest.js';

const text = `# the shop
app: shop # its name
cid: lab01
aid: acme1
deployType: image
image: "ghcr.io/acme/shop:1.4" # pinned

# checks
healthCheck: tcp
servicePortMappings: [ {port: 80} ]
requires:
  db: {type: postgresql, id: p7x2m} # main
`;
const file = readManifest('runos.yaml', text).file as AppFile;

describe('the file of an app that is edited', () => {
  it('stays as it is when it means the same', () => {
    expect(editAppFile(text, file)).toBe(text);
    expect(editAppFile(text, { ...file, requires: { db: { type: 'postgresql', id: 'postgresql-p7x2m' } } })).toBe(text);
    const sized = `${text}resourceRequirementClassId: app.sl1.small\nreplicas: 1\n`;
    const next = { ...file, resourceRequirementClassId: 'app.sl1.small' };
    expect(editAppFile(sized, next, { ...next, replicas: 1 })).toBe(sized);
  });

  it('keeps the lines and comments of all other fields', () => {
    const edited = editAppFile(text, {
      ...file,
      image: 'ghcr.io/acme/shop:1.5',
      replicas: 2,
      healthCheck: undefined,
      metricsPort: 9000,
      overrides: [{ id: 'o1', enabled: true, local: 'overrides/o.yaml' }],
    });
    expect(edited).toBe(`# the shop
app: shop # its name
cid: lab01
aid: acme1
deployType: image
image: ghcr.io/acme/shop:1.5 # pinned
replicas: 2

# checks
servicePortMappings: [ {port: 80} ]
metricsPort: 9000
overrides:
    - id: o1
      enabled: true
      local: overrides/o.yaml
requires:
  db: {type: postgresql, id: p7x2m} # main
`);
  });

  it('keeps its line ends, and needs none at its end', () => {
    const windows = text.replaceAll('\n', '\r\n').trimEnd();
    const edited = editAppFile(windows, { ...file, healthCheck: 'none', requires: {} });
    expect(edited).toContain('healthCheck: none\r\nservicePortMappings');
    expect(edited).not.toMatch(/[^\r]\n/);
    expect((readManifest('f', edited).file as AppFile).requires ?? {}).toEqual({});
  });

  it('gets its long form where a short one does not hold any more', () => {
    const short = 'app: shop\ndeployType: cli\ncid: lab01\naid: acme1\nport: 80 # web\n';
    const next = { ...(readManifest('f', short).file as AppFile), servicePortMappings: [] };
    expect(readManifest('f', editAppFile(short, next)).file).toMatchObject({ servicePortMappings: [] });
  });

  it('is replaced as a whole where it has no lines of its own for a field', () => {
    const flow = '{app: shop, deployType: cli, cid: lab01, aid: acme1}\n';
    const next = { ...(readManifest('f', flow).file as AppFile), metricsPort: 1 };
    expect(editAppFile(flow, next)).toMatch(/^app: shop\n[^]*metricsPort: 1\n$/);
  });
});

describe('the file of a service that is edited', () => {
  it('keeps the lines of all other fields', () => {
    const service = 'type: valkey\nid: p7x2m\ncid: lab01\naid: acme1\nname: c # cache\nreplicas: 1\n';
    const next = { ...readManifest('f', service).file, replicas: 2, version: '8.1' };
    expect(editServiceFile(service, next as never)).toBe(
      'type: valkey\nid: p7x2m\ncid: lab01\naid: acme1\nname: c # cache\nreplicas: 2\nversion: "8.1"\n',
    );
  });
});
