// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.backup;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A backup is not what it should be; the message says in what. */
final class BackupException extends IOException {
    private static final long serialVersionUID = 1L;

    BackupException(String what, @Nullable Throwable cause) {
        super(what, cause);
    }
}
