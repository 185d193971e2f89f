// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import dev.wayside.model.ObjectKey;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Where a list goes on: a revision and the last key, sealed with a key of the store's, and bound to
 * the list that it is of. Nobody can make one that names objects elsewhere or a state that never
 * was.
 */
final class ContinueTokens {
    private static final int SEAL = 12;

    record Position(long revision, ObjectKey last) {}

    private ContinueTokens() {}

    /** The store's key, made with the store. */
    static byte[] key(ObjectFile file) {
        String hex = file.setting(ObjectFile.TOKEN_KEY);
        if (hex == null) {
            byte[] key = new byte[16];
            new SecureRandom().nextBytes(key);
            hex = HexFormat.of().formatHex(key);
            file.set(ObjectFile.TOKEN_KEY, hex); // durable with the first write
        }
        return HexFormat.of().parseHex(hex);
    }

    static String write(byte[] key, Selection selection, Position position) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeLong(position.revision());
            out.writeUTF(position.last().namespace());
            out.writeUTF(position.last().name());
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory does not fail
        }
        byte[] content = bytes.toByteArray();
        byte[] sealed = Arrays.copyOf(content, content.length + SEAL);
        System.arraycopy(
                seal(key, position.last().resource(), selection, content),
                0,
                sealed,
                content.length,
                SEAL);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(sealed);
    }

    /**
     * @throws ApiException BadRequest if the token is not of this list
     */
    static Position read(byte[] key, String resource, Selection selection, String token) {
        try {
            byte[] sealed = Base64.getUrlDecoder().decode(token);
            if (sealed.length > SEAL) {
                byte[] content = Arrays.copyOf(sealed, sealed.length - SEAL);
                byte[] seal = Arrays.copyOfRange(sealed, content.length, sealed.length);
                if (MessageDigest.isEqual(seal, seal(key, resource, selection, content))) {
                    DataInputStream in = new DataInputStream(new ByteArrayInputStream(content));
                    return new Position(
                            in.readLong(), new ObjectKey(resource, in.readUTF(), in.readUTF()));
                }
            }
        } catch (IllegalArgumentException | IOException notOurs) {
            throw invalid(notOurs);
        }
        throw invalid(null);
    }

    private static ApiException invalid(@org.jspecify.annotations.Nullable Exception cause) {
        ApiException exception =
                new ApiException(
                        ApiException.Reason.BAD_REQUEST,
                        "continue key is not valid: it is not of this list; start a new list"
                                + " without the continue parameter");
        if (cause != null) {
            exception.initCause(cause);
        }
        return exception;
    }

    private static byte[] seal(byte[] key, String resource, Selection selection, byte[] content) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            mac.update(
                    String.join(
                                    "\0",
                                    resource,
                                    selection.namespace(),
                                    selection.labels().toString(),
                                    selection.fields().toString(),
                                    "")
                            .getBytes(StandardCharsets.UTF_8));
            return Arrays.copyOf(mac.doFinal(content), SEAL);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has HmacSHA256", e);
        }
    }
}
