// as itself
// must fail: no-console
// eslint-disable-next-line no-console
console.log('probe');
