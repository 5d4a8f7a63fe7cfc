// as itself
// must fail: eqeqeq
export const isEmpty = (text: string): boolean => text == '';
