// as itself
// must fail: @typescript-eslint/ban-ts-comment
// @ts-ignore because
export const probe: number = 1;
