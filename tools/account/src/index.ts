export { createAccount, type CreatedAccount } from './create-account.js';
export { type Operator } from './operator.js';
