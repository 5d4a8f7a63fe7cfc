// as libs/testing/process/src/probe.ts
// must fail: runos/no-unbounded-waits
/** A probe. */
export async function until(holds: () => boolean): Promise<void> {
  do {
    await new Promise((resolve) => setTimeout(resolve, 10));
  } while (!holds());
}
