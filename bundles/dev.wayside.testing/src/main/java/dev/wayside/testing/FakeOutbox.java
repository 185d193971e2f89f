// SPDX-License-Identifier: Apache-2.0
package dev.wayside.testing;

import dev.wayside.api.state.Outbox;
import dev.wayside.api.state.StateException;
import dev.wayside.model.JsonObject;
import dev.wayside.model.ObjectKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An outbox in memory, which outlives the component under test. */
public final class FakeOutbox implements Outbox {
    /** An object's name and UID. */
    public record Target(ObjectKey key, String uid) {}

    private static final int MAX_EVENTS = 1_000;

    private final Map<Target, JsonObject> statuses = new HashMap<>();
    private final List<Target> confirmed = new ArrayList<>();
    private final List<EventRecord> events = new ArrayList<>();
    private Runnable beforeWrite = () -> {};
    private boolean full;
    private int statusWrites;

    /** Runs before each write; may throw an {@link Error} to play a crash. */
    public synchronized void beforeWrite(Runnable hook) {
        beforeWrite = hook;
    }

    /** From now on the disk is full, or not. */
    public synchronized void full(boolean isFull) {
        full = isFull;
    }

    @Override
    public synchronized void status(ObjectKey key, String uid, JsonObject status)
            throws StateException {
        write();
        statuses.put(new Target(key, uid), status);
        statusWrites++;
    }

    @Override
    public synchronized Optional<JsonObject> lastStatus(ObjectKey key, String uid) {
        return Optional.ofNullable(statuses.get(new Target(key, uid)));
    }

    @Override
    public synchronized void confirmDeletion(ObjectKey key, String uid) throws StateException {
        write();
        confirmed.add(new Target(key, uid));
    }

    @Override
    public synchronized void event(EventRecord event) throws StateException {
        write();
        events.add(event);
        if (events.size() > MAX_EVENTS) {
            events.remove(0);
        }
    }

    /** Confirmed deletions, oldest first, repeats included. */
    public synchronized List<Target> confirmed() {
        return List.copyOf(confirmed);
    }

    /** Events, oldest first, repeats included. */
    public synchronized List<EventRecord> events() {
        return List.copyOf(events);
    }

    /** The reasons of the events about one object, oldest first. */
    public synchronized List<String> reasons(String uid) {
        return events.stream()
                .filter(event -> event.uid().equals(uid))
                .map(EventRecord::reason)
                .toList();
    }

    /** How often a status was written. */
    public synchronized int statusWrites() {
        return statusWrites;
    }

    private void write() throws StateException {
        beforeWrite.run();
        if (full) {
            throw new StateException("disk full", null);
        }
    }
}
