// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;

/** The one kind of key that gateways, servers and users have: elliptic curve, NIST P-256. */
public final class EcKeys {
    private EcKeys() {}

    /** A new key pair from the platform's strong random numbers. */
    public static KeyPair generate() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java runtime has no P-256 (jdk.crypto.ec)", e);
        }
    }
}
