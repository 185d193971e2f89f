// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * The keys that keep values secret on disk: AES-256-GCM, a random nonce for each value, the key's
 * id before it, and bound to the value's place, so that none can be put where another was. The
 * first key encrypts, all decrypt. An id is made from its key, so one id never means two keys. Safe
 * for any thread.
 */
public final class EncryptionKeys {
    /** Encrypts nothing. */
    public static final EncryptionKeys NONE =
            new EncryptionKeys("the empty list of keys", Map.of());

    private static final byte SEALED = 1; // no JSON begins so
    private static final int ID = 8;
    private static final int NONCE = 12;
    private static final int TAG_BITS = 128;
    private static final int KEY = 32;
    private static final int MOST = 100;
    private static final SecureRandom RANDOM = new SecureRandom();

    private static final Set<PosixFilePermission> OWNERS =
            Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

    private final String source;
    private final Map<String, SecretKeySpec> keys;

    private EncryptionKeys(String source, Map<String, SecretKeySpec> keys) {
        this.source = source;
        this.keys = keys;
    }

    /** Where a store gets its keys, once it is known whether it needs them. */
    public interface Source {
        /** For stores that are not encrypted. */
        Source NONE = needed -> EncryptionKeys.NONE;

        /**
         * @param needed whether there is something to decrypt, so that new keys are no good
         * @throws IOException if the keys cannot be had; the message says what to do
         */
        EncryptionKeys keys(boolean needed) throws IOException;
    }

    /** The file, which is made if it is not there and nothing is encrypted yet. */
    public static Source in(Path file) {
        return needed -> {
            if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                if (needed) {
                    throw new IOException(
                            "the store is encrypted, and its key file "
                                    + file
                                    + " is not there; put it back, or say where it is by"
                                    + " --encryption-key-file");
                }
                create(file);
            }
            return read(file);
        };
    }

    /** Makes a file with one new key, readable by its owner alone. */
    static void create(Path file) throws IOException {
        byte[] key = new byte[KEY];
        RANDOM.nextBytes(key);
        Path folder = file.toAbsolutePath().getParent();
        if (folder != null) {
            Files.createDirectories(folder);
        }
        DurableFile.writePrivate(
                file,
                "# Wayside's keys for Secrets at rest, one a line. The first encrypts, all"
                        + " decrypt.\n"
                        + "# Without this file neither the store nor a backup of it can be read:\n"
                        + "# keep a copy in a safe place, apart from the backups.\n"
                        + Base64.getEncoder().encodeToString(key)
                        + "\n");
    }

    /**
     * Reads the file.
     *
     * @throws IOException if it cannot be read, others can, or what it holds is no key
     */
    public static EncryptionKeys read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new IOException("the key file " + file + " is not there, or is no file");
        }
        if (!OWNERS.containsAll(Files.getPosixFilePermissions(file))) {
            throw new IOException(
                    "the key file "
                            + file
                            + " must be for its owner alone; run: chmod 600 "
                            + file);
        }
        Map<String, SecretKeySpec> keys = new LinkedHashMap<>();
        for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
            String text = line.strip();
            if (text.isEmpty() || text.startsWith("#")) {
                continue;
            }
            byte[] key = key(file, text);
            if (keys.size() == MOST) {
                throw new IOException("the key file " + file + " has more than " + MOST + " keys");
            }
            keys.put(HexFormat.of().formatHex(id(key)), new SecretKeySpec(key, "AES"));
        }
        if (keys.isEmpty()) {
            throw new IOException("the key file " + file + " has no key in it");
        }
        return new EncryptionKeys("the key file " + file, keys);
    }

    private static byte[] key(Path file, String text) throws IOException {
        byte[] key;
        try {
            key = Base64.getDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            key = new byte[0];
        }
        if (key.length != KEY) {
            throw new IOException(
                    "the key file "
                            + file
                            + " has a line that is not the base64 of 32 bytes; make one by:"
                            + " head -c 32 /dev/urandom | base64");
        }
        return key;
    }

    private static byte[] id(byte[] key) {
        try {
            return Arrays.copyOf(MessageDigest.getInstance("SHA-256").digest(key), ID);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** The id of the key that encrypts; {@code ""} if nothing is. */
    public String current() {
        return keys.isEmpty() ? "" : keys.keySet().iterator().next();
    }

    /** Whether what a key encrypted can be read. */
    public boolean has(String id) {
        return keys.containsKey(id);
    }

    /**
     * @throws IOException naming the key that is missing
     */
    public void require(String id) throws IOException {
        if (!id.isEmpty() && !has(id)) {
            throw new IOException(missing(id));
        }
    }

    private String missing(String id) {
        return "it is encrypted with the key "
                + id
                + ", and "
                + source
                + " does not have it; give the right file by --encryption-key-file";
    }

    /**
     * @param place what the value is bound to
     */
    public byte[] seal(String place, byte[] value) {
        if (keys.isEmpty()) {
            return value;
        }
        byte[] nonce = new byte[NONCE];
        RANDOM.nextBytes(nonce);
        byte[] sealed =
                crypt(Cipher.ENCRYPT_MODE, key(current()), place, nonce, ByteBuffer.wrap(value));
        return ByteBuffer.allocate(1 + ID + NONCE + sealed.length)
                .put(SEALED)
                .put(HexFormat.of().parseHex(current()))
                .put(nonce)
                .put(sealed)
                .array();
    }

    /**
     * What was sealed; what was not is given back as it is.
     *
     * @throws IllegalStateException if the key is missing, or the value is not the one that was
     *     sealed for this place
     */
    public byte[] open(String place, byte[] stored) {
        if (stored.length == 0 || stored[0] != SEALED) {
            return stored;
        }
        if (stored.length < 1 + ID + NONCE + TAG_BITS / Byte.SIZE) {
            throw new IllegalStateException(place + " is damaged");
        }
        String id = HexFormat.of().formatHex(stored, 1, 1 + ID);
        if (!has(id)) {
            throw new IllegalStateException(place + ": " + missing(id));
        }
        return crypt(
                Cipher.DECRYPT_MODE,
                key(id),
                place,
                Arrays.copyOfRange(stored, 1 + ID, 1 + ID + NONCE),
                ByteBuffer.wrap(stored).position(1 + ID + NONCE));
    }

    private SecretKeySpec key(String id) {
        SecretKeySpec key = keys.get(id);
        if (key == null) {
            throw new IllegalStateException(missing(id));
        }
        return key;
    }

    private static byte[] crypt(
            int mode, SecretKeySpec key, String place, byte[] nonce, ByteBuffer in) {
        try {
            Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
            cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
            cipher.updateAAD(place.getBytes(StandardCharsets.UTF_8));
            ByteBuffer out = ByteBuffer.allocate(cipher.getOutputSize(in.remaining()));
            cipher.doFinal(in, out);
            return Arrays.copyOf(out.array(), out.position());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(
                    place + " was changed since it was encrypted, or belongs elsewhere", e);
        }
    }
}
