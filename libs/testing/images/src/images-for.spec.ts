import { describe, expect, it } from '@jest/globals';
import { imagesFor, probeSources } from './images-for.js';
import { Registries } from './registry/registries.js';

const reachable = new Registries(() => Promise.resolve(new Response('{}')));
const unreachable = new Registries(() => Promise.reject(new TypeError('fetch failed')));
const postgresql16 = 'ghcr.io/cloudnative-pg/postgresql:16.14';

describe('the source of an image', () => {
  it('is its registry where that answers, and each reference is reported once', async () => {
    const lines: string[] = [];
    const options = { registries: reachable, onProgress: (line: string) => void lines.push(line) };
    const sources = await imagesFor([postgresql16, postgresql16], options);
    expect(sources).toEqual([{ reference: postgresql16, source: 'registry' }]);
    expect(lines).toEqual([`${postgresql16}: pulled from ghcr.io`]);
  });

  it('is none, with the reason, where it can be neither pulled nor made', async () => {
    const sources = await imagesFor([postgresql16, 'ghcr.io/team/tool:1'], { registries: unreachable });
    expect(sources).toEqual([
      { reference: postgresql16, source: 'none', reason: 'Debian trixie has postgresql 17, not 16' },
      { reference: 'ghcr.io/team/tool:1', source: 'none', reason: 'it is no image of the catalog' },
    ]);
  }, 900_000);

  it('is not looked for after an abort', async () => {
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(imagesFor([postgresql16], { registries: unreachable, signal })).rejects.toThrow('stopped');
  });
});

describe('the images of a demo cluster', () => {
  const unmade = { possible: false, reason: 'mmdebstrap is missing', packages: ['mmdebstrap'] } as const;

  it('have a source where their registries answer, also where images cannot be made', async () => {
    expect(await probeSources(unmade, reachable)).toEqual({ possible: true });
  });

  it('have a source where they can be made, without a request to a registry', async () => {
    const forbidden = new Registries(() => Promise.reject(new Error('requested')));
    expect(await probeSources({ possible: true }, forbidden)).toEqual({ possible: true });
  });

  it('have none where both fail, which the reason names', async () => {
    const reason = expect.stringMatching(/ cannot be reached, and images cannot be made: mmdebstrap is missing$/);
    expect(await probeSources(unmade, unreachable)).toEqual({ ...unmade, reason });
  });
});
