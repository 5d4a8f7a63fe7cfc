export { clientNetwork } from './client-network.js';
export { ConnectionLimit, type ConnectionLimitOptions } from './connection-limit.js';
export { type KeyEncryptionKey, Keyring, keyringEntry, keyringSettings } from './keyring.js';
export { generatePassword, hashPassword, passwordMatches } from './password.js';
export { requestHash } from './request-hash.js';
export { type MintedToken, mintToken, type ParsedToken, parseToken, secretMatches, type TokenKind } from './token.js';
