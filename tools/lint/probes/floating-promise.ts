// as itself
// must fail: @typescript-eslint/no-floating-promises
const work = async (): Promise<number> => 1;

work();
