// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.HexFormat;

/** Public keys as text, and their hashes. */
final class KeyPairs {
    private KeyPairs() {}

    static String encode(PublicKey key) {
        return Base64.getEncoder().encodeToString(key.getEncoded());
    }

    static PublicKey decode(String text) throws IOException {
        try {
            return KeyFactory.getInstance("EC")
                    .generatePublic(new X509EncodedKeySpec(Base64.getDecoder().decode(text)));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new IOException("the public key of an earlier try can't be read", e);
        }
    }

    /** Whether the two halves are of one pair. */
    static boolean belong(PrivateKey key, PublicKey publicKey) {
        try {
            byte[] content = "one pair".getBytes(StandardCharsets.UTF_8);
            Signature signature = Signature.getInstance("SHA256withECDSA");
            signature.initSign(key);
            signature.update(content);
            byte[] signed = signature.sign();
            signature.initVerify(publicKey);
            signature.update(content);
            return signature.verify(signed);
        } catch (GeneralSecurityException e) {
            return false; // another kind of key
        }
    }

    /**
     * The hash by which requests for certificates of this key are named.
     *
     * @param occasion what sets apart requests for the same key; no secret
     */
    static String hash(PublicKey key, String occasion) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(key.getEncoded());
            byte[] hash = digest.digest(occasion.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, 10);
        } catch (GeneralSecurityException e) {
            throw new IOException("this Java runtime has no SHA-256", e);
        }
    }
}
