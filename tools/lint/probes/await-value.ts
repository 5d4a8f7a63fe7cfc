// as itself
// must fail: @typescript-eslint/await-thenable
export const probe = async (value: number): Promise<number> => await value;
