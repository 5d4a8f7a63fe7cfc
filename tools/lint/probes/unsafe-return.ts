// as itself
// must fail: @typescript-eslint/no-unsafe-return
export const probe = (text: string): number => JSON.parse(text);
