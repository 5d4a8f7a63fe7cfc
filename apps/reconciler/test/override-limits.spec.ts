import { describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { type Harness, useHarness } from './harness.js';

const image = 'ghcr.io/acme/shop:1.4';
const contentOf = (text: string, enabled = true) => ({
  name: 'tuned',
  enabled,
  data: Buffer.from(text).toString('base64'),
});

describe('overrides of an instance with a small bundle', () => {
  let harness: Harness;
  useHarness((started) => (harness = started), { settings: { maxBundleBytes: 20_000 } });

  it('are refused with the size of the bundle', async () => {
    const one = await harness.create('app', { image });
    const file = contentOf(`metadata: {annotations: {large: ${'x'.repeat(19_000)}}}\n`);
    await expect(harness.request(reconciler.createOverride, { ...one, file })).rejects.toMatchObject({
      code: 'request.too_large',
      details: { limitBytes: 20_000 },
    });
    expect((await harness.request(reconciler.listOverrides, one)).body).toEqual({ overrides: [] });
  });

  it('are bounded in bytes together, also disabled ones', async () => {
    const one = await harness.create('app', { image });
    const file = contentOf(`# ${'x'.repeat(6_000)}\nspec: {}\n`, false);
    const request = () => harness.request(reconciler.createOverride, { ...one, file });
    for (let n = 0; n < 3; n += 1) await request();
    await expect(request()).rejects.toMatchObject({
      code: 'override.invalid',
      details: { issues: [{ message: expect.stringContaining('All overrides of the instance would have') }] },
    });
    expect((await harness.request(reconciler.listOverrides, one)).body.overrides).toHaveLength(3);
  });
});
