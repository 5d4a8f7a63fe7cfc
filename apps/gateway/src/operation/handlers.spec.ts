import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { type Operation, operations } from '@runos/api';
import { GatewayModule } from '../module.js';
import { methodsAt } from '../http/unrouted.js';
import { pathOf } from '../../test/harness.js';
import { operationKey } from './operation-of.js';

const controllers = GatewayModule.forConfig({} as never).controllers ?? [];
const handled = controllers.flatMap(({ prototype }: { prototype: object }) =>
  Object.values(Object.getOwnPropertyDescriptors(prototype)).flatMap(({ value }: { value?: unknown }) => {
    const operation: unknown = typeof value === 'function' ? Reflect.getMetadata(operationKey, value) : undefined;
    return operation === undefined ? [] : [(operation as Operation).id];
  }),
);

describe('the controllers', () => {
  it('handle every public operation exactly once', () => {
    expect([...handled].sort()).toEqual(operations.map(({ id }) => id).sort());
  });

  it('appear in the allowed methods of every path', () => {
    for (const operation of operations) expect(methodsAt(pathOf(operation))).toContain(operation.method);
  });
});
