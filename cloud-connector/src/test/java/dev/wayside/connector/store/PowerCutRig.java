// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import dev.wayside.connector.store.ObjectStore.DeleteOptions;
import dev.wayside.connector.store.ObjectStore.Event;
import dev.wayside.connector.store.ObjectStore.EventType;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.connector.store.ObjectStore.ObjectList;
import dev.wayside.connector.store.ObjectStore.Watch;
import dev.wayside.connector.store.ObjectStore.WatchListener;
import dev.wayside.connector.store.ObjectStore.WatchQuery;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.FieldSelector;
import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import dev.wayside.testing.storage.LossyDisk;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Writes at random to a store on a {@link LossyDisk} until the power goes, opens it again, and says
 * what is not as it was promised.
 */
final class PowerCutRig implements AutoCloseable {
    private static final int WRITERS = 3;
    private static final int NAMES = 6;
    private static final int NODES = 4;
    private static final ResourceType PODS = ResourceType.PODS;
    private static final WriteOptions BY = WriteOptions.by("rig");
    private static final DeleteOptions NOW =
            new DeleteOptions(java.util.OptionalLong.of(0), null, null, null, false);

    /** A promise was broken. */
    static final class Broken extends Exception {
        private static final long serialVersionUID = 1L;

        Broken(String what, @Nullable Throwable cause) {
            super(what, cause);
        }
    }

    /** What one writer knows of one name: what was answered, and what was asked since. */
    private static final class Expected {
        Optional<String> answered = Optional.empty();
        long revision;
        List<Optional<String>> asked = List.of();
    }

    /** A watcher's copy of what it watches, and how far it got. */
    private static final class Copy {
        final FieldSelector fields;
        Map<String, String> objects = new TreeMap<>();
        String revision = "";
        long resumed;

        Copy(FieldSelector fields) {
            this.fields = fields;
        }
    }

    private final LossyDisk disk;
    private final Random random;
    private final StoreSettings settings;
    private final List<EncryptionKeys> keys;
    private int opened;
    private final Map<String, Expected> expected = new ConcurrentHashMap<>();
    private final AtomicLong highest = new AtomicLong();
    private final List<Copy> copies =
            List.of(
                    new Copy(FieldSelector.EVERYTHING),
                    new Copy(FieldSelector.of("spec.nodeName", "n0")),
                    new Copy(FieldSelector.of("metadata.name", "w0-0")));
    private long answered;

    PowerCutRig(String scheme, long seed, int history) {
        this(scheme, seed, history, List.of(EncryptionKeys.NONE));
    }

    /**
     * @param keys taken in turn, so that the file is written anew at each opening if there are
     *     several
     */
    PowerCutRig(String scheme, long seed, int history, List<EncryptionKeys> keys) {
        this.keys = keys;
        this.random = new Random(seed);
        this.disk = LossyDisk.insert(scheme, new Random(seed + 1));
        this.settings =
                StoreSettings.DEFAULT
                        .withHistory(history, 1 << 20, 8)
                        .withRevisionBlock(7)
                        .withTimes(
                                Duration.ofSeconds(3),
                                Duration.ofMillis(1),
                                Duration.ofSeconds(60));
    }

    LossyDisk disk() {
        return disk;
    }

    long answered() {
        return answered;
    }

    long resumed() {
        return copies.stream().mapToLong(copy -> copy.resumed).sum();
    }

    /** Opens the store, checks it, writes until the power is cut. */
    void round(int steps) throws Broken, InterruptedException {
        if (keys.size() > 1 && answered > 0) {
            cutWhileOpening();
        }
        disk.cutAfter(Integer.MAX_VALUE);
        EmbeddedObjectStore store = open();
        try {
            check(store);
            List<Watch> watches = new ArrayList<>();
            for (Copy copy : copies) {
                watches.add(follow(store, copy));
            }
            disk.cutAfter(steps);
            writeUntilCut(store);
            store.close();
            watches.forEach(Watch::close);
        } finally {
            store.close();
        }
        disk.cut();
    }

    private void cutWhileOpening() throws Broken {
        disk.cutAfter(random.nextInt(30));
        try {
            openFile().close();
        } catch (IOException e) {
            Throwable root = e;
            while (root.getCause() != null) {
                root = root.getCause();
            }
            if (!String.valueOf(root.getMessage()).contains("the power was cut")) {
                throw new Broken("the store does not open: " + e.getMessage(), e);
            }
        }
        disk.cut();
    }

    private EmbeddedObjectStore openFile() throws IOException {
        String path = disk.path("store");
        EncryptionKeys own = keys.get(opened++ % keys.size());
        return EmbeddedObjectStore.openFile(
                path,
                new TestKinds(),
                settings,
                needed -> own,
                DiskSpace.of(path),
                Clock.systemUTC());
    }

    private EmbeddedObjectStore open() throws Broken {
        EmbeddedObjectStore store;
        try {
            store = openFile();
        } catch (IOException e) {
            throw new Broken("the store does not open: " + e.getMessage(), e);
        }
        if (store.get(ResourceType.NAMESPACES.key("", "default")).isEmpty()) {
            if (answered > 0) {
                store.close();
                throw new Broken("the namespace is lost", null);
            }
            store.create(
                    ResourceType.NAMESPACES,
                    KubeObject.of(ResourceType.NAMESPACES, "", "default"),
                    BY);
        }
        return store;
    }

    private void check(EmbeddedObjectStore store) throws Broken {
        Map<String, KubeObject> there = new HashMap<>();
        ObjectList list = store.list(ListQuery.all(PODS));
        for (KubeObject pod : list.items()) {
            there.put(pod.name(), pod);
            verify(pod);
        }
        if (Long.parseLong(list.resourceVersion()) < highest.get()) {
            throw new Broken(
                    "revisions went back from " + highest + " to " + list.resourceVersion(), null);
        }
        for (Map.Entry<String, Expected> entry : expected.entrySet()) {
            String name = entry.getKey();
            Expected wanted = entry.getValue();
            Optional<String> is = Optional.ofNullable(there.get(name)).map(PowerCutRig::value);
            if (!is.equals(wanted.answered) && !wanted.asked.contains(is)) {
                throw new Broken(name + " is " + is + ", answered was " + wanted.answered, null);
            }
            if (is.isPresent()
                    && is.equals(wanted.answered)
                    && Long.parseLong(there.get(name).resourceVersion()) < wanted.revision) {
                throw new Broken(name + " is at an older revision", null);
            }
            wanted.answered = is;
            wanted.asked = List.of();
        }
        for (Copy copy : copies) {
            catchUp(store, copy, list);
        }
        KubeObject lease = KubeObject.of(ResourceType.LEASES, "default", "probe-" + highest);
        long next = Long.parseLong(store.create(ResourceType.LEASES, lease, BY).resourceVersion());
        if (next <= highest.get()) {
            throw new Broken("revision " + next + " was given out twice", null);
        }
        saw(next);
        store.delete(ResourceType.LEASES, lease.key(ResourceType.LEASES), DeleteOptions.BACKGROUND);
    }

    /** Resumes a copy where it stopped, and compares it with what is there. */
    private void catchUp(EmbeddedObjectStore store, Copy copy, ObjectList list) throws Broken {
        Map<String, String> wanted = new TreeMap<>();
        for (KubeObject pod : list.items()) {
            if (copy.fields.matches(field -> pod.json().text(field.split("\\.")))) {
                wanted.put(pod.name(), pod.resourceVersion());
            }
        }
        if (!copy.revision.isEmpty()) {
            CountDownLatch end = new CountDownLatch(1);
            try (Watch watch = store.watch(query(copy), into(copy, () -> end.countDown()))) {
                watch.bookmark();
                if (!end.await(10, TimeUnit.SECONDS)) {
                    throw new Broken("a resumed watch says nothing", null);
                }
                copy.resumed++;
            } catch (ApiException e) {
                if (e.reason() != ApiException.Reason.EXPIRED) {
                    throw e;
                }
                copy.revision = "";
            } catch (InterruptedException e) {
                throw new Broken("interrupted", e);
            }
        }
        if (copy.revision.isEmpty()) {
            copy.objects = wanted;
            copy.revision = list.resourceVersion();
        }
        if (!copy.objects.equals(wanted)) {
            throw new Broken(
                    "a watch of "
                            + copy.fields
                            + " that was resumed has "
                            + copy.objects
                            + " and the store has "
                            + wanted,
                    null);
        }
    }

    private Watch follow(EmbeddedObjectStore store, Copy copy) {
        return store.watch(query(copy), into(copy, () -> {}));
    }

    private static WatchQuery query(Copy copy) {
        return new WatchQuery(
                PODS, "default", LabelSelector.EVERYTHING, copy.fields, copy.revision, false, true);
    }

    private WatchListener into(Copy copy, Runnable onBookmark) {
        return new WatchListener() {
            @Override
            public void onEvent(Event event) {
                KubeObject object = event.object();
                long revision = Long.parseLong(object.resourceVersion());
                saw(revision);
                copy.revision = object.resourceVersion();
                if (event.type() == EventType.BOOKMARK) {
                    onBookmark.run();
                } else if (event.type() == EventType.DELETED) {
                    copy.objects.remove(object.name());
                } else {
                    copy.objects.put(object.name(), object.resourceVersion());
                }
            }

            @Override
            public void onEnd(ApiException reason) {
                // The store is closed at the end of each round.
            }
        };
    }

    private void saw(long revision) {
        highest.accumulateAndGet(revision, Math::max);
    }

    private void writeUntilCut(EmbeddedObjectStore store) throws Broken, InterruptedException {
        List<Thread> threads = new ArrayList<>();
        List<Throwable> failures = java.util.Collections.synchronizedList(new ArrayList<>());
        for (int i = 0; i < WRITERS; i++) {
            int writer = i;
            Random own = new Random(random.nextLong());
            Thread thread =
                    new Thread(
                            () -> {
                                try {
                                    while (writeOnce(store, writer, own)) {
                                        // until the power is cut
                                    }
                                } catch (RuntimeException | Error e) {
                                    failures.add(e);
                                }
                            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join(30_000);
            if (thread.isAlive()) {
                throw new Broken("a writer got no answer in 30 s", null);
            }
        }
        if (!failures.isEmpty()) {
            throw new Broken("a write failed: " + failures.get(0), failures.get(0));
        }
        answered++;
    }

    /** False if the store does not write any more. */
    private boolean writeOnce(EmbeddedObjectStore store, int writer, Random own) {
        String name = "w" + writer + "-" + own.nextInt(NAMES);
        ObjectKey key = PODS.key("default", name);
        Expected state = expected.computeIfAbsent(name, unused -> new Expected());
        Optional<String> wanted = Optional.empty();
        try {
            if (own.nextInt(4) == 0) {
                KubeObject lease =
                        KubeObject.of(ResourceType.LEASES, "default", name)
                                .withSpec(JsonObject.of("at", Json.of(own.nextLong())));
                saw(Long.parseLong(write(store, ResourceType.LEASES, lease).resourceVersion()));
            }
            if (state.answered.isPresent() && own.nextInt(5) == 0) {
                state.asked = List.of(wanted);
                saw(Long.parseLong(store.delete(PODS, key, NOW).object().resourceVersion()));
            } else {
                KubeObject pod = pod(name, own);
                wanted = Optional.of(value(pod));
                state.asked = List.of(wanted);
                state.revision = Long.parseLong(write(store, PODS, pod).resourceVersion());
                saw(state.revision);
            }
            state.answered = wanted;
            state.asked = List.of();
            return true;
        } catch (ApiException e) {
            if (e.reason() == ApiException.Reason.UNAVAILABLE) {
                return false;
            }
            throw e;
        }
    }

    private static KubeObject write(EmbeddedObjectStore store, ResourceType type, KubeObject o) {
        return store.get(o.key(type)).isPresent()
                ? store.update(type, o, "", BY)
                : store.create(type, o, BY);
    }

    private static KubeObject pod(String name, Random own) {
        String text = Long.toHexString(own.nextLong()).repeat(1 + own.nextInt(60));
        return KubeObject.of(PODS, "default", name)
                .withSpec(
                        JsonObject.builder()
                                .put("nodeName", "n" + own.nextInt(NODES))
                                .put("text", text)
                                .put("sum", text.hashCode())
                                .build());
    }

    private static String value(KubeObject pod) {
        return pod.spec().text("nodeName") + " " + pod.spec().number("sum").orElse(0);
    }

    private static void verify(KubeObject pod) throws Broken {
        if (pod.spec().text("text").hashCode() != pod.spec().number("sum").orElse(0)) {
            throw new Broken(pod.name() + " is torn", null);
        }
    }

    @Override
    public void close() {
        disk.close();
    }

    /** A random number of steps, small ones often. */
    int someSteps() {
        return random.nextInt(random.nextBoolean() ? 12 : 150);
    }
}
