import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { addon, manifestFile } from '@runos/addons';
import { unpackObjects } from '@runos/kube-objects';
import type { ReconcilerConfig } from '../config.js';
import { AddonManifests } from './addon-manifests.js';

const gatewayApi = addon('gateway-api');
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'addon-manifests-'));
  await mkdir(join(folder, gatewayApi.name));
});
afterEach(() => rm(folder, { recursive: true }));

const manifests = (addonManifests?: string) => new AddonManifests({ addonManifests } as ReconcilerConfig);
/** The name of the object in the file. */
const nameOf = (url: string) => manifestFile(url).replace('_', '-');
const write = (url: string) =>
  writeFile(
    join(folder, gatewayApi.name, manifestFile(url)),
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${nameOf(url)}\n`,
  );

describe('the manifests of an add-on', () => {
  it('are missing without a folder, and while one file is missing', async () => {
    const [first = '', ...others] = gatewayApi.manifestUrls;
    expect(manifests().has(gatewayApi)).toBe(false);
    await expect(manifests().pack(gatewayApi)).rejects.toThrow('no manifest of Gateway API');
    for (const url of others) await write(url);
    const found = manifests(folder);
    expect(found.has(gatewayApi)).toBe(false);
    await expect(found.pack(gatewayApi)).rejects.toThrow(manifestFile(first));
    await write(first);
    expect(found.has(gatewayApi)).toBe(true);
  });

  it('are packed together, in the order of their URLs, also after a failed read', async () => {
    const found = manifests(folder);
    await expect(found.pack(gatewayApi)).rejects.toThrow('ENOENT');
    for (const url of gatewayApi.manifestUrls) await write(url);
    const { objectsGz, digest } = await found.pack(gatewayApi);
    expect(unpackObjects(objectsGz, digest).map(({ metadata }) => metadata.name)).toEqual(
      gatewayApi.manifestUrls.map(nameOf),
    );
  });
});
