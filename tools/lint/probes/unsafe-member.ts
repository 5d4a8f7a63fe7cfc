// as itself
// must fail: @typescript-eslint/no-unsafe-member-access
export const isProbe = (text: string): boolean => JSON.parse(text).probe === true;
