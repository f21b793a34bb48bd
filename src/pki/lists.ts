/** What signs revocation lists, for those who load it when they need it. */
export { readCertificateFile } from "./pem";
export { extendLists, readRevocationLists } from "./revocation";
export { readSigner } from "./signer";
