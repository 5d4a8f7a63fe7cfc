import type { Plane } from '@runos/tool-e2e';

export default async function globalTeardown(): Promise<void> {
  await (globalThis as { runosPlane?: Plane }).runosPlane?.finish();
}
