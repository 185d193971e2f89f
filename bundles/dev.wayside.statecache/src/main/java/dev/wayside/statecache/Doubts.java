// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import dev.wayside.api.state.CacheHealth;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is doubtful now, by who doubts. Safe for any thread. */
final class Doubts implements CacheHealth {
    private static final Logger LOG = LoggerFactory.getLogger(Doubts.class);

    private final Supplier<String> trouble;
    private final SortedMap<String, Doubt> doubts = new ConcurrentSkipListMap<>();

    /**
     * @param trouble why the disk can't be written; empty if it can
     */
    Doubts(Supplier<String> trouble) {
        this.trouble = trouble;
    }

    void raise(String who, String reason, String message) {
        Doubt doubt = new Doubt(reason, message);
        if (!doubt.equals(doubts.put(who, doubt))) {
            LOG.warn("In doubt of {}: {}: {}; nothing is removed", who, reason, message);
        }
    }

    void settle(String who) {
        if (doubts.remove(who) != null) {
            LOG.info("No longer in doubt of {}", who);
        }
    }

    @Override
    public Optional<Doubt> doubt() {
        String disk = trouble.get();
        if (!disk.isEmpty()) {
            return Optional.of(new Doubt("StateNotWritable", disk));
        }
        return doubts.values().stream().findFirst();
    }
}
