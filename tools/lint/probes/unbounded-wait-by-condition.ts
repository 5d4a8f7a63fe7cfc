// as apps/reconciler/test/probe.ts
// must fail: runos/no-unbounded-waits
export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds()));
}
