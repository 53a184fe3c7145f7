// A host's key as a certificate, which TLS wants and Node can't make. It says nothing beyond the key: who may call is
// decided by comparing keys, so it is signed by itself, has no names that mean anything, and never expires.
import { createPrivateKey, webcrypto } from "node:crypto";

export interface TlsIdentity {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
}

const ED25519 = { name: "Ed25519" } as const;
const FOREVER = new Date(Date.UTC(9999, 11, 31));

/** `pem`: the host's private key. */
export const makeIdentity = async (pem: string): Promise<TlsIdentity> => {
  // Loaded when there are peers: it takes longer than all that a host without them does.
  await import("reflect-metadata");
  const { X509CertificateGenerator } = await import("@peculiar/x509");
  const { subtle } = webcrypto;
  const pkcs8 = createPrivateKey(pem).export({ type: "pkcs8", format: "der" });
  const { x } = createPrivateKey(pem).export({ format: "jwk" });
  const privateKey = await subtle.importKey("pkcs8", pkcs8, ED25519, false, ["sign"]);
  const publicKey = await subtle.importKey("jwk", { kty: "OKP", crv: "Ed25519", x: x! }, ED25519, true, [
    "verify",
  ]);
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: "01",
      name: "CN=cryonode",
      notBefore: new Date(0),
      notAfter: FOREVER,
      signingAlgorithm: ED25519,
      keys: { privateKey, publicKey },
    },
    webcrypto as Parameters<typeof X509CertificateGenerator.createSelfSigned>[1],
  );
  return { key: pem, cert: certificate.toString("pem") };
};
