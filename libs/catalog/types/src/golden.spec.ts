import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { InstanceType, RenderInput } from '@runos/catalog-model';
import type { KubeObject } from '@runos/kube-objects';
import type { AppInput } from './app/app-input.js';
import { app, instanceTypes, renderApp, renderInstance, serviceType, serviceTypes } from './index.js';

/** A frozen rendering. RUNOS_UPDATE_GOLDEN=1 rewrites `objects` from `input`; use it for a new renderer only. */
interface Golden {
  readonly renderer: number;
  readonly input: RenderInput | AppInput;
  readonly objects: unknown;
}

const update = process.env.RUNOS_UPDATE_GOLDEN === '1';
const folderOf = ({ type }: InstanceType) => new URL(`./${type}/golden/`, import.meta.url);
const filesOf = (type: InstanceType) => readdirSync(folderOf(type)).map((file) => new URL(file, folderOf(type)));
const read = (file: URL) => JSON.parse(readFileSync(file, 'utf8')) as Golden;
const render = ({ type }: InstanceType, { renderer, input }: Golden): KubeObject[] =>
  type === app.type
    ? renderApp(renderer, input as AppInput)
    : renderInstance(serviceType(type), renderer, input as RenderInput);
const cases = instanceTypes().flatMap((type) =>
  filesOf(type).map((file) => ({ type, file, name: file.pathname.split('/').slice(-3).join('/') })),
);

describe('renderings', () => {
  it.each(cases)('equal $name', ({ type, file }) => {
    const golden = read(file);
    const objects = render(type, golden);
    if (update) writeFileSync(file, `${JSON.stringify({ ...golden, objects }, null, 2)}\n`);
    else expect(JSON.parse(JSON.stringify(objects))).toEqual(golden.objects);
  });

  it.each(serviceTypes)('of $type exist for every renderer and version', (type) => {
    const golden = filesOf(type).map(read);
    for (const [renderer, { images }] of Object.entries(type.renderers))
      for (const version of Object.keys(images))
        expect(
          golden.some(
            ({ renderer: number, input }) =>
              number === Number(renderer) && 'version' in input && input.version === version,
          ),
        ).toBe(true);
  });

  it('of apps exist for every renderer', () => {
    const golden = filesOf(app).map(read);
    expect([...new Set(golden.map(({ renderer }) => String(renderer)))]).toEqual(Object.keys(app.renderers));
  });
});
