// as itself
// must fail: @typescript-eslint/no-unsafe-argument
export const probe = (): number => parseInt(JSON.parse('1'), 10);
