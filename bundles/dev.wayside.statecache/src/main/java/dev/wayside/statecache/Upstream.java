// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import dev.wayside.wire.HttpResponse;
import java.util.concurrent.CompletableFuture;

/**
 * One connection to the connector; a script in tests. Safe for any thread. Answers and events
 * arrive on threads of the connection's, which must not be blocked.
 */
interface Upstream extends AutoCloseable {
    /**
     * Sends a request and waits for the whole answer, both of bounded size.
     *
     * @param contentType {@code ""} if there is no body
     * @return completes exceptionally if no answer came in time: the request may have had an effect
     */
    CompletableFuture<HttpResponse> send(
            String method, String target, String contentType, byte[] body);

    /** Opens an answer of JSON lines. Exactly one call of {@link LineListener#onEnd} ends it. */
    LineStream lines(String target, LineListener listener);

    /** Runs the action once the connection is gone; at once if it is. */
    void onClosed(Runnable action);

    @Override
    void close();

    /** What comes of {@link #lines}. */
    interface LineListener {
        void onLine(byte[] line);

        /**
         * @param status the HTTP status; 0 if there was no answer, or no whole one
         */
        void onEnd(int status);
    }

    /** An answer of lines under way. */
    interface LineStream {
        /** Gives it up; {@link LineListener#onEnd} may or may not follow. */
        void cancel();
    }
}
