// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.backup;

import dev.wayside.model.JsonObject;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.DateTimeException;
import java.time.Instant;

/**
 * What a backup is made of: a line with the format's version, a header, files, objects, and an end
 * with the SHA-256 of all before it. A frame is a letter, its names, the length of its content, and
 * that.
 */
final class BackupFormat {
    static final String LINE = "wayside-backup 1\n";
    static final String ANY_VERSION = "wayside-backup ";
    static final char HEADER = 'H';
    static final char FILE = 'F';
    static final char OBJECT = 'O';
    static final char END = 'E';

    /** Of one frame, in bytes; more is damage. */
    static final int MOST = 64 << 20;

    static final int DIGEST = 32;

    private BackupFormat() {}

    /**
     * @param cluster the UID of the namespace {@code kube-system}
     * @param revision as of which the store is
     * @param encryptedWith the id of the key
     */
    record Header(String cluster, long revision, Instant time, String encryptedWith) {
        JsonObject json() {
            return JsonObject.builder()
                    .put("cluster", cluster)
                    .put("revision", Long.toString(revision))
                    .put("time", time.toString())
                    .put("encryptedWith", encryptedWith)
                    .build();
        }

        static Header of(JsonObject json) throws BackupException {
            try {
                return new Header(
                        json.text("cluster"),
                        Long.parseLong(json.text("revision")),
                        Instant.parse(json.text("time")),
                        json.text("encryptedWith"));
            } catch (NumberFormatException | DateTimeException e) {
                throw new BackupException("its header makes no sense", e);
            }
        }
    }

    static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
