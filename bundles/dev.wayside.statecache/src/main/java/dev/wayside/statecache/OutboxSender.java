// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.wire.Backoff;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Empties the outbox while there is a connection. Lives on the loop.
 *
 * <p>Each lane has some requests of its own under way, so that none starves another; only a
 * deletion waits for the last status of the same object. What the connector has taken is noted in
 * memory, and on disk a little later, many at once: a crash in between means that something is sent
 * twice, which is harmless, and an idle gateway writes nothing.
 */
final class OutboxSender {
    private static final Duration NOTE_AFTER = Duration.ofSeconds(10);
    private static final int NOTE_AT = 64;

    private final StateStore store;
    private final Loop loop;
    private final Lane statuses;
    private final Lane deletions;
    private final Lane events;
    // What the connector has of each entry, until that is noted on disk.
    private final Map<String, JsonObject> taken = new LinkedHashMap<>();
    private boolean noting;
    private @Nullable Upstream upstream;

    OutboxSender(StateStore store, Loop loop, Couriers couriers, RandomGenerator random) {
        this.store = store;
        this.loop = loop;
        this.statuses = new Lane(Keys.STATUSES, 4, couriers::status, random);
        this.deletions = new Lane(Keys.DELETIONS, 2, couriers::deletion, random);
        this.events = new Lane(Keys.EVENTS, 2, couriers::event, random);
    }

    /** Finds what an earlier life left. */
    void start() {
        for (Lane lane : lanes()) {
            lane.waiting.addAll(store.keys(lane.prefix));
        }
    }

    void connected(Upstream connection) {
        upstream = connection;
        lanes().forEach(lane -> lane.pausedUntil = Duration.ZERO);
        pump();
    }

    void disconnected() {
        upstream = null;
    }

    /** Says which keys were written. */
    void changed(Set<String> keys) {
        for (String key : keys) {
            for (Lane lane : lanes()) {
                if (key.startsWith(lane.prefix)) {
                    lane.waiting.add(key);
                }
            }
        }
        pump();
    }

    /**
     * Compares what a whole list says with what the connector has taken of us, and says it again if
     * the connector has forgotten it: its store was restored from a backup.
     */
    void compare(ObjectKey object, KubeObject listed) {
        String key = Keys.status(object, listed.uid());
        JsonObject entry = store.get(key).orElse(null);
        if (entry == null
                || isNews(key, entry)
                || Couriers.says(object, listed.status(), entry.object("status"))) {
            return;
        }
        // Another entry than the one that was taken, so that no note of that makes it old again.
        JsonObject again = entry.without("sent").with("again", entry.number("again").orElse(0) + 1);
        // If it can't be written now, the agent's next word on the pod says it.
        var unused =
                store.submit(
                        edit -> {
                            if (edit.get(key)
                                    .filter(
                                            now ->
                                                    now.object("status")
                                                            .equals(entry.object("status")))
                                    .isPresent()) {
                                edit.put(key, again);
                            }
                        });
    }

    /** Puts on disk what the connector has taken. */
    void note() {
        if (taken.isEmpty()) {
            return;
        }
        Map<String, JsonObject> batch = new LinkedHashMap<>(taken);
        // On failure it is tried again: the entries stay in taken.
        var unused =
                store.submit(edit -> batch.forEach((key, entry) -> settle(edit, key, entry)))
                        .whenComplete(
                                (done, failure) ->
                                        loop.execute(() -> noted(batch, failure == null)));
    }

    private void noted(Map<String, JsonObject> batch, boolean success) {
        if (success) {
            batch.forEach(taken::remove);
        }
        noting = false;
        if (!taken.isEmpty()) {
            noteLater();
        }
    }

    private static void settle(Edit edit, String key, JsonObject entry) {
        if (key.startsWith(Keys.DELETIONS)) {
            edit.remove(key);
        } else if (key.startsWith(Keys.EVENTS)) {
            edit.get(key)
                    .ifPresent(
                            now ->
                                    edit.put(
                                            key,
                                            now.with("sent", entry.number("count").orElse(0))));
        } else if (edit.get(key).filter(entry::equals).isPresent()) {
            if (edit.get(Keys.object(Keys.objectKey(key)))
                    .filter(it -> it.text("metadata", "uid").equals(Keys.uid(key)))
                    .isPresent()) {
                edit.put(key, entry.with("sent", dev.wayside.model.Json.of(true)));
            } else {
                edit.remove(key);
            }
        }
    }

    private List<Lane> lanes() {
        return Arrays.asList(statuses, deletions, events);
    }

    private void pump() {
        Upstream connection = upstream;
        if (connection != null) {
            for (Lane lane : lanes()) {
                while (lane.mayStart() && startNext(lane, connection)) {
                    // on with the next
                }
            }
        }
    }

    private boolean startNext(Lane lane, Upstream connection) {
        Iterator<String> waiting = lane.waiting.iterator();
        while (waiting.hasNext()) {
            String key = waiting.next();
            JsonObject entry = store.get(key).orElse(null);
            if (entry == null || !isNews(key, entry)) {
                waiting.remove();
            } else if (!lane.underWay.contains(key) && !waitsForStatus(lane, key)) {
                waiting.remove();
                lane.underWay.add(key);
                var unused =
                        lane.courier
                                .send(connection, key, entry)
                                .whenComplete(
                                        (outcome, failure) ->
                                                loop.execute(
                                                        () ->
                                                                finished(
                                                                        lane,
                                                                        key,
                                                                        entry,
                                                                        failure == null
                                                                                ? outcome
                                                                                : Couriers.Outcome
                                                                                        .RETRY)));
                return true;
            }
        }
        return false;
    }

    private boolean isNews(String key, JsonObject entry) {
        JsonObject known = taken.get(key);
        if (key.startsWith(Keys.EVENTS)) {
            long sent = (known == null ? entry.number("sent") : known.number("count")).orElse(0);
            return sent < entry.number("count").orElse(0);
        }
        return !entry.flag("sent") && !entry.equals(known);
    }

    private boolean waitsForStatus(Lane lane, String key) {
        String status = Keys.STATUSES + key.substring(key.indexOf('/') + 1);
        if (lane != deletions
                || !(statuses.waiting.contains(status) || statuses.underWay.contains(status))) {
            return false;
        }
        return store.get(status).filter(entry -> isNews(status, entry)).isPresent();
    }

    private void finished(Lane lane, String key, JsonObject entry, Couriers.Outcome outcome) {
        lane.underWay.remove(key);
        if (outcome == Couriers.Outcome.RETRY) {
            lane.waiting.add(key);
            Duration pause = lane.backoff.next();
            lane.pausedUntil = loop.now().plus(pause);
            loop.after(pause, this::pump);
        } else {
            lane.backoff.reset();
            lane.pausedUntil = Duration.ZERO;
            taken.put(key, entry);
            if (taken.size() >= NOTE_AT) {
                note();
            } else {
                noteLater();
            }
            // It may have changed meanwhile.
            lane.waiting.add(key);
        }
        pump();
    }

    private void noteLater() {
        if (!noting) {
            noting = true;
            loop.after(NOTE_AFTER, this::note);
        }
    }

    /** One kind of report. */
    private final class Lane {
        private final String prefix;
        private final int window;
        private final Couriers.Courier courier;
        private final Backoff backoff;
        private final Set<String> waiting = new LinkedHashSet<>();
        private final Set<String> underWay = new HashSet<>();
        private Duration pausedUntil = Duration.ZERO;

        Lane(String prefix, int window, Couriers.Courier courier, RandomGenerator random) {
            this.prefix = prefix;
            this.window = window;
            this.courier = courier;
            this.backoff = new Backoff(Duration.ofMillis(500), Duration.ofSeconds(30), random);
        }

        boolean mayStart() {
            return underWay.size() < window && loop.now().compareTo(pausedUntil) >= 0;
        }
    }
}
