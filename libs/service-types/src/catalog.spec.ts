import { describe, expect, it } from '@jest/globals';
import { TypeName } from '@runos/osid';
import { classesOf, defaultClassId, findClass } from '@runos/sizing';
import { latestRenderer, serviceType, serviceTypes } from './index.js';

describe('the catalog', () => {
  it('contains every type once and rejects unknown names', () => {
    const names = serviceTypes.map(({ type }) => type);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(serviceType(name).type).toBe(name);
    for (const name of ['redis', '', 'constructor', '__proto__'])
      expect(() => serviceType(name)).toThrow(expect.objectContaining({ code: 'type.not_found' }));
  });

  it.each(serviceTypes)('has a consistent definition of $type', (type) => {
    expect(TypeName.problem(type.type)).toBeUndefined();
    expect(type.sizing.service).toBe(type.type);
    expect(findClass(type.sizing, defaultClassId(type.sizing))).toBeDefined();
    expect(classesOf(type.sizing).length).toBeGreaterThan(0);
    expect(type.versions).toContain(type.defaultVersion);
    expect(Object.keys(type.renderers[latestRenderer(type)]?.images ?? {})).toEqual(type.versions);
    for (const { port } of type.ports) expect(port).toBeGreaterThan(0);
    for (const { type: needed } of type.requires) expect(serviceType(needed).type).toBe(needed);
    const inputs = type.inputs.map(({ name }) => name);
    expect(new Set(inputs).size).toBe(inputs.length);
    expect(inputs.includes('configSetId')).toBe(type.config !== undefined);
    for (const key of Object.keys(type.config?.reserved ?? {})) expect(type.config?.keys).not.toHaveProperty(key);
  });
});
