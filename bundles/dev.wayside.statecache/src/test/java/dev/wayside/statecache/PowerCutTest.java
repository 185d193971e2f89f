// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.api.state.Outbox.EventRecord;
import dev.wayside.api.state.StateException;
import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import dev.wayside.testing.storage.LossyDisk;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import org.h2.mvstore.MVStore;
import org.junit.jupiter.api.Test;

/**
 * Cuts the power under the store, again and again, on a disk that keeps only what was synced, and
 * of the rest anything. What a watcher was told of, and what the outbox has taken, must be there.
 */
class PowerCutTest {
    private static final int CUTS = 1_000;

    @Test
    void keepsWhatItToldOfAcrossAThousandCuts() throws Exception {
        Life life = new Life("statecuts", 7, MVStore::sync);
        for (int i = 0; i < CUTS; i++) {
            life.live();
        }
        assertThat(life.lost).isEmpty();
        assertThat(life.damages).isEmpty();
        assertThat(life.tellings).isGreaterThan(CUTS);
        assertThat(life.cutShort).isGreaterThan(CUTS / 4);
        life.disk.close();
    }

    @Test
    void losesSomethingIfTheSyncIsTakenOut() throws Exception {
        Life life = new Life("statecuts-unsynced", 7, store -> {});
        for (int i = 0; i < CUTS && life.lost.isEmpty(); i++) {
            life.live();
        }
        assertThat(life.lost).as("without the sync this must fail").isNotEmpty();
        life.disk.close();
    }

    @Test
    void aFullDiskIsToldAndDoneWithOnceThereIsRoom() throws Exception {
        try (LossyDisk disk = LossyDisk.insert("statefull", new Random(1))) {
            StateStore store =
                    new StateStore(
                            new StateFile(
                                    disk.path("state.mv"),
                                    1 << 20,
                                    Clock.systemUTC(),
                                    MVStore::sync),
                            Duration.ZERO);
            store.open();
            store.write(edit -> edit.put("r/a/1", JsonObject.of("x", "y")));
            disk.limitCapacity(disk.used());
            List<StateException> refused = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                try {
                    store.write(edit -> edit.put("r/a/2", JsonObject.of("x", "y")));
                } catch (StateException e) {
                    refused.add(e);
                }
                assertThat(store.get("r/a/1")).isPresent();
                assertThat(store.get("r/a/2")).isEmpty();
            }
            assertThat(refused).hasSize(5);
            disk.limitCapacity(Long.MAX_VALUE);
            store.write(edit -> edit.put("r/a/2", JsonObject.of("x", "y")));
            assertThat(store.get("r/a/2")).isPresent();
            store.close();
        }
    }

    /** One disk with many lives of a cache on it. */
    private static final class Life {
        private final LossyDisk disk;
        private final Random random;
        private final StateFile.Sync sync;
        // What was told, by the last life or an earlier one; empty for told to be removed.
        private final Map<String, Optional<JsonObject>> told = new ConcurrentHashMap<>();
        private final List<String> lost = new ArrayList<>();
        private final List<String> damages = new ArrayList<>();
        private final Set<String> underWay = new TreeSet<>();
        private int tellings;
        private int cutShort;
        private int step;

        Life(String scheme, long seed, StateFile.Sync sync) {
            this.random = new Random(seed);
            this.disk = LossyDisk.insert(scheme, new Random(seed + 1));
            this.sync = sync;
        }

        void live() {
            StateStore store =
                    new StateStore(
                            new StateFile(disk.path("state.mv"), 200_000, Clock.systemUTC(), sync),
                            Duration.ZERO);
            store.onDamage(damages::add);
            store.onSynced(
                    keys -> {
                        tellings++;
                        keys.forEach(key -> told.put(key, store.get(key)));
                    });
            store.open();
            check(store);
            disk.cutAfter(1 + random.nextInt(40));
            try {
                for (int i = 0; i < 15; i++) {
                    act(store);
                }
            } catch (StateException e) {
                cutShort++;
                liveOn(store);
            }
            disk.cut();
            store.close();
        }

        /** After a write that failed, half the time: the store opens its file again by itself. */
        private void liveOn(StateStore store) {
            if (random.nextBoolean()) {
                disk.cutAfter(5 + random.nextInt(20));
                try {
                    for (int i = 0; i < 5; i++) {
                        act(store);
                    }
                } catch (StateException e) {
                    // cut once more
                }
            }
        }

        private void check(StateStore store) {
            told.forEach(
                    (key, value) -> {
                        Optional<JsonObject> there = store.get(key);
                        if (!there.equals(value) && !underWay.contains(key)) {
                            lost.add(key + ": told " + value + ", found " + there);
                        }
                    });
            // From here on what is there is the truth, as it is for a gateway that starts.
            underWay.clear();
            told.clear();
            for (String prefix : List.of("o/", "c/", "s/", "d/", "e/", "r/")) {
                store.keys(prefix).forEach(key -> told.put(key, store.get(key)));
            }
        }

        private void act(StateStore store) throws StateException {
            step++;
            DurableOutbox outbox = new DurableOutbox(store, Clock.systemUTC());
            String name = "p" + random.nextInt(20);
            ObjectKey key = ResourceType.PODS.key("default", name);
            JsonObject value = JsonObject.of("n", Json.of(step)).with("fill", fill());
            underWay.clear();
            switch (random.nextInt(7)) {
                case 0, 1 -> mirror(store, key, value);
                case 2 -> {
                    underWay.add(Keys.status(key, "uid-" + name));
                    outbox.status(key, "uid-" + name, value);
                }
                case 3 -> {
                    String uid = "uid-" + step;
                    underWay.add(Keys.deletion(key, uid));
                    outbox.confirmDeletion(key, uid);
                    assertThat(store.has(Keys.deletion(key, uid))).isTrue();
                }
                case 4 -> {
                    underWay.addAll(store.keys(Keys.EVENTS));
                    outbox.event(
                            new EventRecord(key, "Pod", "uid", "Normal", "R" + step % 30, "m"));
                }
                case 5 -> {
                    underWay.add("r/agent/" + name);
                    new StoredRecords(store).put("agent", name, value);
                }
                default -> noteSomeDeletions(store);
            }
        }

        /** Objects and the revision, written as one. */
        private void mirror(StateStore store, ObjectKey key, JsonObject value)
                throws StateException {
            Scope scope = Scope.pods("gw");
            Mirror mirror = new Mirror(store, scope);
            KubeObject object =
                    new KubeObject(
                            FakeConnector.object("Pod", "default", key.name(), "uid")
                                    .with("spec", value));
            underWay.add(Keys.object(key));
            underWay.add(Keys.CURSORS + scope.id());
            Optional<String> revision = mirror.revision();
            String next = Integer.toString(step);
            Map<ObjectKey, Mirror.Change> changes = new TreeMap<>();
            changes.put(key, new Mirror.Change(random.nextInt(5) == 0 ? null : object, "uid"));
            try {
                if (revision.isEmpty()) {
                    underWay.addAll(store.keys(Keys.OBJECTS));
                    mirror.replace(
                                    List.of(object),
                                    next,
                                    new Provenance.Verdict(
                                            "origin",
                                            Provenance.Finding.GOOD,
                                            Provenance.Finding.GOOD))
                            .get();
                } else {
                    mirror.apply(changes, revision.get(), next).get();
                }
            } catch (ExecutionException e) {
                throw new StateException("cut", e);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        /** As if the connector had taken some. */
        private void noteSomeDeletions(StateStore store) throws StateException {
            List<String> some =
                    store.keys(Keys.DELETIONS).stream()
                            .filter(key -> random.nextBoolean())
                            .toList();
            underWay.addAll(some);
            store.write(edit -> some.forEach(edit::remove));
        }

        private String fill() {
            return "x".repeat(random.nextInt(2_000)) + random.nextLong();
        }
    }
}
