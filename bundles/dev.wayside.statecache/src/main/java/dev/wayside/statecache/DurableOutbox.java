// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import dev.wayside.api.state.Outbox;
import dev.wayside.api.state.StateException;
import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.ObjectKey;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * What is to be reported, in the state store; {@link OutboxSender} sends it. The entries:
 *
 * <ul>
 *   <li>a status: {@code status}, and {@code sent} once the connector has it;
 *   <li>a deletion: nothing but its key;
 *   <li>an event: what it says, {@code count}, {@code first}, {@code last}, and in {@code sent} the
 *       count that the connector has.
 * </ul>
 */
final class DurableOutbox implements Outbox {
    private static final int MAX_STATUSES = 2_000;
    private static final int MAX_DELETIONS = 10_000;
    private static final int MAX_EVENTS = 1_000;
    private static final int MAX_MESSAGE = 1_024;

    private final StateStore store;
    private final Clock clock;

    DurableOutbox(StateStore store, Clock clock) {
        this.store = store;
        this.clock = clock;
    }

    @Override
    public void status(ObjectKey key, String uid, JsonObject status) throws StateException {
        Kinds.of(key);
        String name = Keys.status(key, uid);
        if (store.get(name).filter(entry -> entry.object("status").equals(status)).isPresent()) {
            return;
        }
        store.write(
                edit -> {
                    refuseMore(edit, Keys.STATUSES, name, MAX_STATUSES);
                    edit.put(name, JsonObject.of("status", status));
                });
    }

    @Override
    public Optional<JsonObject> lastStatus(ObjectKey key, String uid) {
        return store.get(Keys.status(key, uid)).map(entry -> entry.object("status"));
    }

    @Override
    public void confirmDeletion(ObjectKey key, String uid) throws StateException {
        Kinds.of(key);
        String name = Keys.deletion(key, uid);
        if (store.has(name)) {
            return;
        }
        store.write(
                edit -> {
                    refuseMore(edit, Keys.DELETIONS, name, MAX_DELETIONS);
                    edit.put(name, JsonObject.EMPTY);
                });
    }

    @Override
    public void event(EventRecord event) throws StateException {
        Kinds.of(event.about());
        String name = Keys.EVENTS + id(event);
        String now = clock.instant().truncatedTo(ChronoUnit.SECONDS).toString();
        store.write(
                edit -> {
                    Optional<JsonObject> before = edit.get(name);
                    if (before.isEmpty()) {
                        makeRoom(edit);
                    }
                    JsonObject entry = before.orElseGet(() -> entry(event, now));
                    long count = entry.number("count").orElse(0) + 1;
                    edit.put(name, entry.with("count", count).with("last", now));
                });
    }

    /** An object that is gone needs no status any more, unless it is still to be told. */
    static void forget(Edit edit, ObjectKey key, String uid) {
        String name = Keys.status(key, uid);
        if (edit.get(name).filter(entry -> entry.flag("sent")).isPresent()) {
            edit.remove(name);
        }
    }

    private static JsonObject entry(EventRecord event, String now) {
        String message = event.message();
        return JsonObject.builder()
                .put("resource", event.about().resource())
                .put("namespace", event.about().namespace())
                .put("name", event.about().name())
                .put("kind", event.kind())
                .put("uid", event.uid())
                .put("type", event.type())
                .put("reason", event.reason())
                .put(
                        "message",
                        message.length() > MAX_MESSAGE
                                ? message.substring(0, MAX_MESSAGE)
                                : message)
                .put("first", now)
                .put("sent", Json.of(0))
                .build();
    }

    /** Drops the oldest; those that the connector has before those that it has not. */
    private static void makeRoom(Edit edit) {
        if (edit.count(Keys.EVENTS) < MAX_EVENTS) {
            return;
        }
        // By tenths, so that the sorting is not done for each event.
        record Aged(String key, boolean unsent, String last) {}
        List<Aged> oldest =
                edit.keys(Keys.EVENTS).stream()
                        .map(
                                key -> {
                                    JsonObject entry = edit.get(key).orElse(JsonObject.EMPTY);
                                    return new Aged(
                                            key,
                                            entry.number("sent").orElse(0)
                                                    < entry.number("count").orElse(0),
                                            entry.text("last"));
                                })
                        .sorted(Comparator.comparing(Aged::unsent).thenComparing(Aged::last))
                        .limit(MAX_EVENTS / 10)
                        .toList();
        oldest.forEach(aged -> edit.remove(aged.key()));
    }

    private static void refuseMore(Edit edit, String lane, String name, int most)
            throws StateException {
        if (!edit.has(name) && edit.count(lane) >= most) {
            throw new StateException("more than " + most + " reports of one kind wait", null);
        }
    }

    /** The same for repeats, so that a repeat after a crash finds what was sent before it. */
    private static String id(EventRecord event) {
        String all =
                String.join(
                        "\0",
                        event.about().toString(),
                        event.uid(),
                        event.type(),
                        event.reason(),
                        event.message());
        try {
            byte[] hash =
                    MessageDigest.getInstance("SHA-256")
                            .digest(all.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
