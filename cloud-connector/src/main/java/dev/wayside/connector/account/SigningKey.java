// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.account;

import dev.wayside.model.JsonObject;
import dev.wayside.wire.Pem;
import dev.wayside.wire.PemException;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.util.Base64;
import org.bouncycastle.asn1.sec.SECNamedCurves;

/** A key that signs the tokens of service accounts (ES256). Safe for any thread. */
final class SigningKey {
    // The two numbers one after the other, as JWS wants them, not in DER.
    private static final String SIGNATURE = "SHA256withECDSAinP1363Format";
    private static final int COORDINATE_BYTES = 32;

    private final KeyPair keys;
    private final String id;

    private SigningKey(KeyPair keys) {
        this.keys = keys;
        this.id = base64(sha256(keys.getPublic().getEncoded()));
    }

    /**
     * @throws IOException if it cannot be read
     */
    static SigningKey read(Path file) throws IOException {
        try {
            if (Pem.readPrivateKey(Files.readString(file)) instanceof ECPrivateKey key) {
                return new SigningKey(new KeyPair(publicOf(key), key));
            }
            throw new IOException(file + " is no EC key");
        } catch (PemException | GeneralSecurityException e) {
            throw new IOException(
                    file + " is no good; without it a new one is made, and all tokens are void", e);
        }
    }

    private static PublicKey publicOf(ECPrivateKey key) throws GeneralSecurityException {
        org.bouncycastle.math.ec.ECPoint point =
                SECNamedCurves.getByName("secp256r1").getG().multiply(key.getS()).normalize();
        return KeyFactory.getInstance("EC")
                .generatePublic(
                        new ECPublicKeySpec(
                                new ECPoint(
                                        point.getAffineXCoord().toBigInteger(),
                                        point.getAffineYCoord().toBigInteger()),
                                key.getParams()));
    }

    String id() {
        return id;
    }

    byte[] sign(byte[] text) {
        try {
            Signature signature = Signature.getInstance(SIGNATURE);
            signature.initSign(keys.getPrivate());
            signature.update(text);
            return signature.sign();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java runtime has no ECDSA", e);
        }
    }

    boolean verify(byte[] text, byte[] signed) {
        try {
            Signature signature = Signature.getInstance(SIGNATURE);
            signature.initVerify(keys.getPublic());
            signature.update(text);
            return signature.verify(signed);
        } catch (java.security.SignatureException e) {
            return false; // not even the form of one
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java runtime has no ECDSA", e);
        }
    }

    /** The public half, as a JSON Web Key. */
    JsonObject publicKey() {
        ECPoint point = ((ECPublicKey) keys.getPublic()).getW();
        return JsonObject.builder()
                .put("use", "sig")
                .put("kty", "EC")
                .put("kid", id)
                .put("crv", "P-256")
                .put("alg", JsonWebToken.ALGORITHM)
                .put("x", base64(coordinate(point.getAffineX())))
                .put("y", base64(coordinate(point.getAffineY())))
                .build();
    }

    private static byte[] coordinate(BigInteger number) {
        byte[] bytes = number.toByteArray();
        byte[] fixed = new byte[COORDINATE_BYTES];
        int length = Math.min(bytes.length, COORDINATE_BYTES);
        System.arraycopy(bytes, bytes.length - length, fixed, COORDINATE_BYTES - length, length);
        return fixed;
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java runtime has no SHA-256", e);
        }
    }
}
