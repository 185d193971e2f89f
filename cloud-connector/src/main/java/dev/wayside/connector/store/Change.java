// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import dev.wayside.model.ObjectKey;
import org.jspecify.annotations.Nullable;

/**
 * What one revision did to one object.
 *
 * @param before null if it was made
 * @param after null if it was removed
 */
record Change(long revision, ObjectKey key, @Nullable Stored before, @Nullable Stored after) {

    long bytes() {
        // Only the newer text counts: the older one is the newer text of an earlier change.
        return 200L + (after == null ? 0 : after.text().length);
    }
}
