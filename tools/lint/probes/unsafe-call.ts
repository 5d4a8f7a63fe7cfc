// as itself
// must fail: @typescript-eslint/no-unsafe-call
JSON.parse('1')();
