// as apps/jobs/src/probe.spec.ts
// must fail: runos/no-unbounded-waits
export async function untilDone(work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch {
      // again
    }
  }
}
