export {
  type AuthorityPair,
  createAuthority,
  issueLeaf,
  type LeafRequest,
  type Validity,
} from './certificate-authority.js';
export { type KeyPair, newEcKey, newRsaKey } from './keys.js';
export { createSigningRequest, provenKey, type SigningRequest } from './signing-request.js';
