// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Memory that all peers share: one of them has a quarter of it at the most, those without a
 * certificate a half together. Safe for any thread.
 */
final class Budget {
    private static final String STRANGERS = "";

    private final long most;
    private final long share;
    private final AtomicLong taken = new AtomicLong();
    private final Map<String, Long> perPeer = new ConcurrentHashMap<>();

    /**
     * @param most of all together
     * @param atLeast what one peer may have in any case
     */
    Budget(long most, long atLeast) {
        this.most = most;
        this.share = Math.max(most / 4, atLeast);
    }

    /** Takes so many bytes if there is room for them. */
    boolean take(ServerPeer peer, long bytes) {
        force(peer, bytes);
        if (isWithin(peer)) {
            return true;
        }
        give(peer, bytes);
        return false;
    }

    /** As {@link #take}, but a peer that has nothing yet always gets what it needs. */
    boolean takeFirst(ServerPeer peer, long bytes) {
        boolean first = !perPeer.containsKey(peer.identity());
        force(peer, bytes);
        if (isWithin(peer) || (first && taken.get() <= Math.max(most, bytes))) {
            return true;
        }
        give(peer, bytes);
        return false;
    }

    /** Takes them even if there is no room: who does that must ask {@link #isWithin}. */
    void force(ServerPeer peer, long bytes) {
        add(peer, bytes);
    }

    void give(ServerPeer peer, long bytes) {
        add(peer, -bytes);
    }

    /** Whether the peer, and all together, keep within their bounds. */
    boolean isWithin(ServerPeer peer) {
        return taken.get() <= most
                && of(peer.identity()) <= share
                && (peer.certificate() != null || of(STRANGERS) <= Math.max(most / 2, share));
    }

    long taken() {
        return taken.get();
    }

    private long of(String identity) {
        return perPeer.getOrDefault(identity, 0L);
    }

    private void add(ServerPeer peer, long bytes) {
        if (bytes == 0) {
            return;
        }
        taken.addAndGet(bytes);
        add(peer.identity(), bytes);
        if (peer.certificate() == null) {
            add(STRANGERS, bytes);
        }
    }

    private void add(String identity, long bytes) {
        perPeer.compute(
                identity,
                (name, before) -> {
                    long now = (before == null ? 0 : before) + bytes;
                    return now == 0 ? null : now;
                });
    }
}
