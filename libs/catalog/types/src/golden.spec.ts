import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { RenderInput, ServiceType } from '@runos/catalog-model';
import { renderInstance, serviceTypes } from './index.js';

/** A frozen rendering. RUNOS_UPDATE_GOLDEN=1 rewrites `objects` from `input`; use it for a new renderer only. */
interface Golden {
  readonly renderer: number;
  readonly input: RenderInput;
  readonly objects: unknown;
}

const update = process.env.RUNOS_UPDATE_GOLDEN === '1';
const folderOf = ({ type }: ServiceType) => new URL(`./${type}/golden/`, import.meta.url);
const filesOf = (type: ServiceType) => readdirSync(folderOf(type)).map((file) => new URL(file, folderOf(type)));
const read = (file: URL) => JSON.parse(readFileSync(file, 'utf8')) as Golden;
const cases = serviceTypes.flatMap((type) =>
  filesOf(type).map((file) => ({ type, file, name: file.pathname.split('/').slice(-3).join('/') })),
);

describe('renderings', () => {
  it.each(cases)('equal $name', ({ type, file }) => {
    const golden = read(file);
    const objects = renderInstance(type, golden.renderer, golden.input);
    if (update) writeFileSync(file, `${JSON.stringify({ ...golden, objects }, null, 2)}\n`);
    else expect(JSON.parse(JSON.stringify(objects))).toEqual(golden.objects);
  });

  it.each(serviceTypes)('of $type exist for every renderer and version', (type) => {
    const golden = filesOf(type).map(read);
    for (const [renderer, { images }] of Object.entries(type.renderers))
      for (const version of Object.keys(images))
        expect(golden.some((each) => each.renderer === Number(renderer) && each.input.version === version)).toBe(true);
  });
});
