export { type KeyEncryptionKey, Keyring } from './keyring.js';
export { keyringEntry, keyringSettings } from './keyring-setting.js';
export { generatePassword, hashPassword, passwordMatches } from './password.js';
export { requestHash } from './request-hash.js';
export { type MintedToken, mintToken, type ParsedToken, parseToken, secretMatches, type TokenKind } from './token.js';
