import { Plane, PlaneClient } from '@runos/tool-e2e';
import { parseArgs } from 'node:util';

/** Measures `--count` rounds on the plane in `--data`, or else on one of its own, which ends afterwards. */
export async function withPlane<Result>(
  args: readonly string[],
  defaultCount: number,
  measure: (planeClient: PlaneClient, count: number) => Promise<Result>,
): Promise<Result> {
  const { values } = parseArgs({
    args: [...args],
    options: { data: { type: 'string' }, count: { type: 'string', default: String(defaultCount) } },
  });
  const own = values.data === undefined ? await Plane.create() : undefined;
  try {
    await own?.start();
    return await measure(await PlaneClient.connect(own?.data ?? String(values.data)), Number(values.count));
  } finally {
    await own?.remove();
  }
}
