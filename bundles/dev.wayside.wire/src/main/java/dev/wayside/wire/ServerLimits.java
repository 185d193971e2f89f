// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import java.time.Duration;
import java.util.function.Consumer;

/**
 * What a listener allows. Each limit says what happens beyond it.
 *
 * @param maxBodyBytes of one request; 413
 * @param maxTotalBodyBytes of all requests that are arriving or being answered, and a share of it
 *     for one peer; 503
 * @param maxHeaderBytes of one request, its first line included; 431 (414 for the line); in HTTP/2
 *     beyond a quarter more the connection is closed
 * @param maxConnections at once; a further one is closed at once. Of these three quarters may be
 *     without a handshake, half without a certificate, and a sixteenth of one certificate's
 *     subject; beyond that the oldest of its sort is closed for the newest
 * @param maxStreams requests at once on one HTTP/2 connection; further ones are refused
 * @param maxQueuedBytes of one streamed answer, waiting for a slow reader; the answer is aborted. A
 *     writer that heeds {@link HttpExchange.ResponseStream#write} stays below a quarter of it.
 * @param maxResets streams that a client may reset within 30 s; the connection is closed
 * @param maxAnswerBytes that wait for slow readers, and a share of it for one peer: a further whole
 *     answer becomes 429, a streamed one waits
 * @param handshakeTimeout from connecting to the end of the TLS handshake; closed
 * @param requestTimeout from a request's first byte to its last; 408
 * @param idleTimeout of a connection without a request, but of one without a certificate the
 *     requestTimeout until its first; closed
 * @param stallTimeout of an answer of which the peer takes nothing; aborted
 * @param pingInterval of silence after which an HTTP/2 peer is asked for a sign of life
 * @param pingTimeout for that sign; closed
 */
public record ServerLimits(
        int maxBodyBytes,
        long maxTotalBodyBytes,
        int maxHeaderBytes,
        int maxConnections,
        int maxStreams,
        int maxQueuedBytes,
        int maxResets,
        long maxAnswerBytes,
        Duration handshakeTimeout,
        Duration requestTimeout,
        Duration idleTimeout,
        Duration stallTimeout,
        Duration pingInterval,
        Duration pingTimeout) {

    private static final int KIB = 1024;
    private static final int MIB = 1024 * KIB;
    private static final int SMALLEST_CROWD = 8;
    private static final int HANDSHAKE_BYTES = 96 * KIB;
    private static final long HEAP = Runtime.getRuntime().maxMemory();

    /** For a connector: thousands of gateways. */
    public static ServerLimits connector() {
        return new ServerLimits(
                3 * MIB,
                Math.min(256L * MIB, HEAP / 8),
                32 * KIB,
                16_384,
                250,
                4 * MIB,
                400,
                Math.min(1024L * MIB, HEAP / 4),
                Duration.ofSeconds(10),
                Duration.ofSeconds(30),
                Duration.ofMinutes(5),
                Duration.ofSeconds(60),
                Duration.ofSeconds(30),
                Duration.ofSeconds(15));
    }

    /** For a gateway: the local API and the site's peers, in little memory. */
    public static ServerLimits gateway() {
        return new ServerLimits(
                3 * MIB,
                8L * MIB,
                16 * KIB,
                64,
                64,
                512 * KIB,
                200,
                8L * MIB,
                Duration.ofSeconds(10),
                Duration.ofSeconds(30),
                Duration.ofMinutes(5),
                Duration.ofSeconds(60),
                Duration.ofSeconds(30),
                Duration.ofSeconds(15));
    }

    /**
     * @throws IllegalArgumentException if a limit is not above zero
     */
    public ServerLimits {
        positive("maxBodyBytes", maxBodyBytes);
        positive("maxTotalBodyBytes", maxTotalBodyBytes);
        positive("maxHeaderBytes", maxHeaderBytes);
        positive("maxConnections", maxConnections);
        positive("maxStreams", maxStreams);
        positive("maxQueuedBytes", maxQueuedBytes);
        positive("maxResets", maxResets);
        positive("maxAnswerBytes", maxAnswerBytes);
        positive("handshakeTimeout", handshakeTimeout.toMillis());
        positive("requestTimeout", requestTimeout.toMillis());
        positive("idleTimeout", idleTimeout.toMillis());
        positive("stallTimeout", stallTimeout.toMillis());
        positive("pingInterval", pingInterval.toMillis());
        positive("pingTimeout", pingTimeout.toMillis());
    }

    /** The same with other sizes of bodies. */
    public ServerLimits withBodies(int maxBodyBytes, long maxTotalBodyBytes) {
        return changed(
                draft -> {
                    draft.maxBodyBytes = maxBodyBytes;
                    draft.maxTotalBodyBytes = maxTotalBodyBytes;
                });
    }

    /** The same with other numbers of connections, and of streams on each. */
    public ServerLimits withConnections(int maxConnections, int maxStreams) {
        return changed(
                draft -> {
                    draft.maxConnections = maxConnections;
                    draft.maxStreams = maxStreams;
                });
    }

    /** The same with another bound on a slow reader's queue. */
    public ServerLimits withMaxQueuedBytes(int maxQueuedBytes) {
        return changed(draft -> draft.maxQueuedBytes = maxQueuedBytes);
    }

    /** The same with other waits for the peer. */
    public ServerLimits withTimeouts(
            Duration handshakeTimeout,
            Duration requestTimeout,
            Duration idleTimeout,
            Duration stallTimeout) {
        return changed(
                draft -> {
                    draft.handshakeTimeout = handshakeTimeout;
                    draft.requestTimeout = requestTimeout;
                    draft.idleTimeout = idleTimeout;
                    draft.stallTimeout = stallTimeout;
                });
    }

    /** The same with another keep-alive. */
    public ServerLimits withPing(Duration pingInterval, Duration pingTimeout) {
        return changed(
                draft -> {
                    draft.pingInterval = pingInterval;
                    draft.pingTimeout = pingTimeout;
                });
    }

    /** The same with another bound on all that waits for slow readers. */
    public ServerLimits withMaxAnswerBytes(long maxAnswerBytes) {
        return changed(draft -> draft.maxAnswerBytes = maxAnswerBytes);
    }

    /**
     * How many connections may be there before it is known whose they are: many, since after a
     * restart all come at once, but no more than the heap has room for their handshakes.
     */
    int maxUnknown() {
        long room = Math.min(maxConnections * 3L / 4, HEAP / HANDSHAKE_BYTES);
        return (int) Math.max(SMALLEST_CROWD, room);
    }

    /** How many connections all may have together who show no certificate. */
    int maxStrangers() {
        return Math.max(SMALLEST_CROWD, maxConnections / 2);
    }

    /** How many connections the bearer of one certificate may have. */
    int maxPerIdentity() {
        return Math.max(SMALLEST_CROWD, maxConnections / 16);
    }

    private ServerLimits changed(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return draft.sealed();
    }

    /** Limits that are being put together. */
    private static final class Draft {
        int maxBodyBytes;
        long maxTotalBodyBytes;
        int maxHeaderBytes;
        int maxConnections;
        int maxStreams;
        int maxQueuedBytes;
        int maxResets;
        long maxAnswerBytes;
        Duration handshakeTimeout;
        Duration requestTimeout;
        Duration idleTimeout;
        Duration stallTimeout;
        Duration pingInterval;
        Duration pingTimeout;

        Draft(ServerLimits limits) {
            maxBodyBytes = limits.maxBodyBytes;
            maxTotalBodyBytes = limits.maxTotalBodyBytes;
            maxHeaderBytes = limits.maxHeaderBytes;
            maxConnections = limits.maxConnections;
            maxStreams = limits.maxStreams;
            maxQueuedBytes = limits.maxQueuedBytes;
            maxResets = limits.maxResets;
            maxAnswerBytes = limits.maxAnswerBytes;
            handshakeTimeout = limits.handshakeTimeout;
            requestTimeout = limits.requestTimeout;
            idleTimeout = limits.idleTimeout;
            stallTimeout = limits.stallTimeout;
            pingInterval = limits.pingInterval;
            pingTimeout = limits.pingTimeout;
        }

        ServerLimits sealed() {
            return new ServerLimits(
                    maxBodyBytes,
                    maxTotalBodyBytes,
                    maxHeaderBytes,
                    maxConnections,
                    maxStreams,
                    maxQueuedBytes,
                    maxResets,
                    maxAnswerBytes,
                    handshakeTimeout,
                    requestTimeout,
                    idleTimeout,
                    stallTimeout,
                    pingInterval,
                    pingTimeout);
        }
    }

    private static void positive(String name, long value) {
        if (value <= 0) {
            throw new IllegalArgumentException(name + " must be above zero, not " + value);
        }
    }
}
