import { describe, expect, it } from '@jest/globals';
import { initialAppFile } from './initial-app-file.js';
import { readManifest } from './read-manifest.js';

const values = { app: 'shop', image: 'ghcr.io/acme/shop:1', cid: 'lab01', aid: 'acme1' };
const uncommented = (text: string) =>
  text
    .split('\n')
    .filter((line) => !/^# [A-Z`]/.test(line) && !line.startsWith('# `'))
    .map((line) => line.replace(/^# /, ''))
    .join('\n');

describe('the first file of an app', () => {
  it('can be read, as it is and with every example', () => {
    const text = initialAppFile({ ...values, port: 8080 });
    expect(readManifest('runos.yaml', text)).toMatchObject({
      kind: 'app',
      file: { app: 'shop', image: values.image, servicePortMappings: [{ port: 8080, standardHttps: true }] },
    });
    const { file } = readManifest('runos.yaml', uncommented(text));
    expect(file).toMatchObject({ replicas: 2, env: 'runos.config.env', requires: { db: { id: 'x7k2p' } } });
  });

  it('has no port without one, and no value that no file can hold', () => {
    expect(initialAppFile(values)).toContain('\nservicePortMappings: []\n');
    expect(() => initialAppFile({ ...values, image: 'shop' })).toThrow(/tag or a digest/);
  });
});
