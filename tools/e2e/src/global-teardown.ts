import type { Plane } from './plane.js';

export default async function globalTeardown(): Promise<void> {
  await (globalThis as { runosPlane?: Plane }).runosPlane?.finish();
}
