// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import java.util.Map;

/**
 * Follows one streamed response. Called on the connection's event loop, in this order: {@link
 * #onHeaders} once, {@link #onData} any number of times, then either {@link #onEnd} or {@link
 * #onError}, once; {@link #onError} may also come first. Must not block. If it throws, the stream
 * is reset and {@link #onError} is called.
 */
public interface StreamListener {
    /** The answer begins; an error status too has a body. Names in lower case. */
    void onHeaders(int status, Map<String, String> headers);

    /**
     * A piece of the body, cut anywhere.
     *
     * @param chunk the listener's own
     * @return whether to go on; if not, nothing comes until {@link StreamHandle#resume}, and what
     *     the server may send ahead is bounded by {@link ClientLimits#streamWindowBytes}
     */
    boolean onData(byte[] chunk);

    /** The answer is complete. */
    void onEnd();

    /**
     * The answer is not complete: the connection was lost, the server broke it off, or it was never
     * sent. Whether the request had an effect is unknown, except for a {@link NotSentException}.
     */
    void onError(Throwable cause);
}
