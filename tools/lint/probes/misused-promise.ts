// as itself
// must fail: @typescript-eslint/no-misused-promises
export const probe = (work: () => Promise<boolean>): number => (work() ? 1 : 0);
