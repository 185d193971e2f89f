// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import java.time.Duration;

/**
 * What a client allows.
 *
 * @param connectTimeout for name look-up, TCP, TLS and the server's first HTTP/2 frame together
 * @param maxBodyBytes of one whole response; beyond it the request fails
 * @param maxHeaderBytes of one response; beyond it the request fails
 * @param streamWindowBytes that a server may send ahead on one stream that nobody reads; the most
 *     that waits in memory per stream
 * @param connectionWindowBytes the same for all streams together
 * @param pingInterval of silence after which the server is asked for a sign of life
 * @param pingTimeout for that sign; the connection is then closed
 */
public record ClientLimits(
        Duration connectTimeout,
        int maxBodyBytes,
        int maxHeaderBytes,
        int streamWindowBytes,
        int connectionWindowBytes,
        Duration pingInterval,
        Duration pingTimeout) {

    private static final int KIB = 1024;
    private static final int SMALLEST_CONNECTION_WINDOW = 65_535;

    /** A dead peer is found within 35 s, a list of 16 MiB is read, and 1 MiB may wait unread. */
    public static ClientLimits defaults() {
        return new ClientLimits(
                Duration.ofSeconds(15),
                16 * KIB * KIB,
                32 * KIB,
                256 * KIB,
                1024 * KIB,
                Duration.ofSeconds(20),
                Duration.ofSeconds(15));
    }

    /**
     * @throws IllegalArgumentException if a limit is not above zero, or a window not possible
     */
    public ClientLimits {
        if (connectTimeout.toMillis() <= 0
                || pingInterval.toMillis() <= 0
                || pingTimeout.toMillis() <= 0) {
            throw new IllegalArgumentException("the waits of a client must be above zero");
        }
        if (maxBodyBytes <= 0 || maxHeaderBytes <= 0 || streamWindowBytes <= 0) {
            throw new IllegalArgumentException("the sizes of a client must be above zero");
        }
        if (connectionWindowBytes < Math.max(streamWindowBytes, SMALLEST_CONNECTION_WINDOW)) {
            throw new IllegalArgumentException(
                    "connectionWindowBytes must be at least "
                            + SMALLEST_CONNECTION_WINDOW
                            + " and streamWindowBytes, not "
                            + connectionWindowBytes);
        }
    }

    /** The same with another bound on whole responses. */
    public ClientLimits withMaxBodyBytes(int maxBodyBytes) {
        return new ClientLimits(
                connectTimeout,
                maxBodyBytes,
                maxHeaderBytes,
                streamWindowBytes,
                connectionWindowBytes,
                pingInterval,
                pingTimeout);
    }

    /** The same with other waits. */
    public ClientLimits withTimeouts(
            Duration connectTimeout, Duration pingInterval, Duration pingTimeout) {
        return new ClientLimits(
                connectTimeout,
                maxBodyBytes,
                maxHeaderBytes,
                streamWindowBytes,
                connectionWindowBytes,
                pingInterval,
                pingTimeout);
    }
}
