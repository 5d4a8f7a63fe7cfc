import { beforeAll, expect, it, jest } from '@jest/globals';
import { onVolumeLimits } from '@runos/testing-kube';
import { eventually, jobTimeoutMs, type PlaneClient } from '@runos/tool-e2e';
import { connectToRealPlane, onDemoNodes, ServiceUnderTest } from './service-under-test.js';

jest.setTimeout(jobTimeoutMs * 3);

onDemoNodes('a full volume on real nodes', () => {
  let plane: PlaneClient;
  beforeAll(async () => {
    plane = await connectToRealPlane();
  });

  onVolumeLimits(it)('of Valkey is reported in the words of Valkey; freed, it serves its keys again', async () => {
    const cache = await ServiceUnderTest.create(plane, 'valkey', { storageMb: 64 });
    const pod = `${cache.namespace}-0`;
    await cache.firstAnswer(() => cache.valkey('SET', 'order', '42'));
    await cache.fill(pod, '/data');
    const refused = await eventually('a refused write', async () => {
      const words = await cache.valkey('SET', 'other', 'x'.repeat(4_096));
      return words !== 'OK' && words;
    });
    expect(refused).toContain('No space left on device');
    const full = await cache.shown('full', ({ message }) => String(message).includes('No space left on device'));
    expect(full).toMatchObject({
      status: 'unhealthy', // its only pod is not ready
      message: expect.stringMatching(
        /MISCONF .* Its volume is full: let its storage grow if its type can, or delete data\.$/,
      ),
    });
    await cache.free(pod, `data-${pod}`);
    await cache.shown('healthy', ({ status }) => status === 'healthy');
    expect(await cache.valkey('GET', 'order')).toBe('42');
    expect(await cache.valkey('SET', 'order', '43')).toBe('OK');
    await cache.delete();
  });

  onVolumeLimits(it)('of PostgreSQL is reported as such; freed, its rows are there', async () => {
    const orders = await ServiceUnderTest.create(plane, 'postgresql', { storageMb: 512 });
    const pod = `${orders.namespace}-1`;
    await orders.firstAnswer(() => orders.psql('CREATE TABLE orders (id int, note text)'));
    await orders.psql('INSERT INTO orders VALUES (42)');
    await orders.fill(pod, '/var/lib/postgresql/data');
    // Tables cannot grow at first; PostgreSQL ends when its write-ahead log cannot.
    const grow = "INSERT INTO orders SELECT i, repeat('x', 500) FROM generate_series(1, 20000) i";
    await expect(orders.psql(grow)).rejects.toThrow('No space left on device');
    const log =
      "SELECT count(pg_logical_emit_message(false, 'log', repeat('x', 1000000))) FROM generate_series(1, 600)";
    await expect(orders.psql(log)).rejects.toThrow();
    const full = await orders.shown('full', ({ reason }) => reason === 'DiskFull');
    expect(full).toMatchObject({
      status: 'unhealthy',
      message: expect.stringMatching(/Not enough disk space: .* Let its storage grow\.$/),
    });
    await orders.free(pod, pod);
    await orders.shown('healthy', ({ status }) => status === 'healthy');
    // PostgreSQL may end once more while it recovers.
    expect(await orders.firstAnswer(() => orders.psql('SELECT count(*) FROM orders WHERE id = 42'))).toBe('1');
    await orders.delete();
  });
});
