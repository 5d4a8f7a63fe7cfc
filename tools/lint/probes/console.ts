// as itself
// must fail: no-console
console.log('probe');
