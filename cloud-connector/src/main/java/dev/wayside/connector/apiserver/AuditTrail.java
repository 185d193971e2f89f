// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Is told of every request when its answer begins. Safe for any thread; must not block. */
public interface AuditTrail {
    void record(Entry entry);

    /**
     * One request. Its body and its query are left out.
     *
     * @param user null if it did not get as far as to know
     * @param request null if it could not be read
     * @param created the name of a new object, {@code ""} if it is in the path or there is none
     * @param code HTTP status of the answer
     * @param why which rule allowed it, {@code ""} if none is named
     */
    record Entry(
            Instant received,
            Instant answered,
            String method,
            String path,
            String source,
            String userAgent,
            @Nullable User user,
            @Nullable RequestInfo request,
            String created,
            int code,
            String why) {}
}
