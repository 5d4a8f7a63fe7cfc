// as itself
// must fail: @typescript-eslint/no-unused-vars
const unused = 1;
