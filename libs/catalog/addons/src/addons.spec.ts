import { describe, expect, it } from '@jest/globals';
import { addon, addons, installCommand, manifestFile } from './index.js';

describe('the add-ons', () => {
  it('contain every name once and reject unknown names', () => {
    const names = addons.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(addon(name).name).toBe(name);
    for (const name of ['', 'constructor', 'cnpg']) expect(() => addon(name)).toThrow(/There is no add-on/);
  });

  it.each(addons)('have a consistent definition of $name', ({ name, version, crds, recognition, manifestUrls }) => {
    expect(name).toMatch(/^[a-z][a-z0-9-]{0,39}$/);
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(crds).toContain(recognition.crd);
    expect([...crds].sort()).toEqual(crds);
    for (const crd of crds) expect(crd).toMatch(/^[a-z]+(\.[a-z0-9-]+){2,}$/);
    // Each has one source of its version: the image of its operator, or its CRD.
    expect(recognition.versionKey === undefined).toBe(recognition.image !== '');
    expect(recognition.image).toMatch(/^([a-z0-9-]+(\/[a-z0-9-]+)+)?$/);
    expect(new Set(manifestUrls.map(manifestFile)).size).toBe(manifestUrls.length);
    expect(manifestUrls.length).toBeGreaterThan(0);
    for (const url of manifestUrls) {
      expect(new URL(url)).toMatchObject({ protocol: 'https:' });
      expect(url).toContain(version);
    }
  });

  it('are installed by a server-side apply of the published manifest', () => {
    expect(installCommand(addon('cloudnative-pg'))).toBe(
      'kubectl apply --server-side -f https://raw.githubusercontent.com/cloudnative-pg/cloudnative-pg/release-1.27/releases/cnpg-1.27.0.yaml',
    );
    expect(installCommand(addon('gateway-api')).split(' -f ')).toHaveLength(7);
  });
});
