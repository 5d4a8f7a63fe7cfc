import { describe, expect, it } from '@jest/globals';
import type { AppFile } from './app-file.js';
import { readManifest } from './read-manifest.js';
import { withAppId, withOverrideId, withServiceId } from './write-ids.js';

const head = 'app: shop # ours\ndeployType: image\nimage: shop:1\ncid: lab01\naid: acme1\n';
const fileIn = (text: string) => readManifest('runos.yaml', text).file as AppFile;

describe('an id in a file', () => {
  it('of an app or a service stands in the header, and the rest stays', () => {
    expect(withAppId(`${head}port: 80\n`, 'k3v9q')).toBe(`${head.replace('cid:', 'id: k3v9q\ncid:')}port: 80\n`);
    const more = `${head}\n# port: 80\noverrides: # none yet\n  - local: a.yaml\n`;
    expect(withAppId(more, 'k3v9q')).toBe(more.replace('cid:', 'id: k3v9q\ncid:'));
    expect(fileIn(withAppId('{app: shop, deployType: image, image: shop:1, cid: lab01, aid: acme1}', 'k3v9q')).id).toBe(
      'k3v9q',
    );
    const service = '# ours\ntype: valkey\ncid: lab01\naid: acme1\nname: cache # mine\n';
    expect(withServiceId(service, 'slrt4')).toBe(service.replace('cid:', 'id: slrt4\ncid:'));
  });

  it.each([
    [
      'a block',
      '  # first\n  - local: a.yaml # a\n    name: one\n',
      '  # first\n  - id: o-1\n    local: a.yaml # a\n    name: one\n',
    ],
    ['another id', '  - id: gone # old\n    local: a.yaml\n', '  - id: o-1 # old\n    local: a.yaml\n'],
    ['a flow', '  - {local: a.yaml}\n', '  - {id: o-1, local: a.yaml}\n'],
  ])('of an override stands in its entry: %s', (_, entry, expected) => {
    expect(withOverrideId(`${head}overrides:\n${entry}`, 0, 'o-1')).toBe(`${head}overrides:\n${expected}`);
  });

  it('of an override goes to its own entry, with the line ends of the file, and through anchors', () => {
    const two = `${head}overrides:\n  - local: a.yaml\n  - local: b.yaml\n`.replaceAll('\n', '\r\n');
    expect(withOverrideId(two, 1, 'o-1')).toBe(two.replace('  - local: b', '  - id: o-1\r\n    local: b'));
    const aliased = `${head}overrides:\n  - &one\n    local: a.yaml\n  - *one\n`;
    expect(fileIn(withOverrideId(aliased, 1, 'o-1')).overrides?.map(({ id }) => id)).toEqual([undefined, 'o-1']);
  });
});
