// as itself
// must fail: @typescript-eslint/no-unsafe-assignment
export const probe: number = JSON.parse('1');
