import { expect, it } from '@jest/globals';
import { type ImageSource } from './images-for.js';
import { provideImages } from './provide-images.js';
import { Registries } from './registry/registries.js';

const [served, limited, unknown] = [
  'ghcr.io/team/served:1',
  'ghcr.io/team/limited:1',
  'ghcr.io/team/unknown:1',
] as const;

it('an image is pulled, else made, else reported, each by itself', async () => {
  const lines: string[] = [];
  const given: string[] = [];
  const nodes = {
    pullImages: async ([reference = '']: readonly string[]) => {
      if (reference !== served) throw new Error('429 Too Many Requests');
      given.push(reference);
    },
    importImages: async (archives: readonly string[]) => void given.push(...archives),
  };
  const make = async (reference: string, because: string): Promise<ImageSource> =>
    reference === limited && because === 'it cannot be pulled'
      ? { reference, source: 'made', archive: '/archive.tar' }
      : { reference, source: 'none', reason: 'it is no image of the catalog' };
  const options = {
    registries: new Registries(() => Promise.resolve(new Response('{}'))),
    onProgress: (line: string) => void lines.push(line),
  };
  const provided = await provideImages(nodes, [served, limited, unknown], options, make);
  expect(provided.map(({ source }) => source)).toEqual(['registry', 'made', 'none']);
  expect(given).toEqual([served, '/archive.tar']);
  expect(lines).toEqual(
    expect.arrayContaining([
      `${served}: registry`,
      `${limited}: 429 Too Many Requests`,
      `${limited}: made`,
      `${unknown}: none`,
    ]),
  );
});

it('nothing is made after an abort', async () => {
  const stop = new AbortController();
  const nodes = {
    pullImages: async () => {
      stop.abort(new Error('stopped'));
      throw new Error('ctr was killed');
    },
    importImages: () => Promise.reject(new Error('imported')),
  };
  const options = { registries: new Registries(() => Promise.resolve(new Response('{}'))), signal: stop.signal };
  await expect(provideImages(nodes, [served], options)).rejects.toThrow('stopped');
});
