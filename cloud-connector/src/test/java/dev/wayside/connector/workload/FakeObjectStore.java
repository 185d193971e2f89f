// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.schema.MergePatch;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * An {@link ObjectStore} in memory, with revisions, preconditions, UIDs, generations, finalizers,
 * graceful deletion and watches in commit order; no defaults and no validation.
 */
public final class FakeObjectStore implements ObjectStore, AutoCloseable {
    private static final long POD_GRACE = 30;

    private record Commit(long revision, ResourceType type, EventType kind, KubeObject object) {}

    private final Clock clock;
    private final TreeMap<ObjectKey, KubeObject> objects = new TreeMap<>();
    private final Map<String, ResourceType> types = new TreeMap<>();
    private final List<Commit> history = new ArrayList<>();
    private final List<OpenWatch> watches = new CopyOnWriteArrayList<>();
    private final ExecutorService delivery =
            Executors.newSingleThreadExecutor(
                    task -> {
                        Thread thread = new Thread(task, "fake-store");
                        thread.setDaemon(true);
                        return thread;
                    });
    private long revision = 1;

    public FakeObjectStore(Clock clock) {
        this.clock = clock;
    }

    public synchronized List<KubeObject> all(ResourceType type) {
        return objects.entrySet().stream()
                .filter(entry -> entry.getKey().resource().equals(type.qualified()))
                .map(Map.Entry::getValue)
                .toList();
    }

    @Override
    public synchronized Optional<KubeObject> get(ObjectKey key) {
        return Optional.ofNullable(objects.get(key));
    }

    @Override
    public synchronized ObjectList list(ListQuery query) {
        List<KubeObject> items =
                all(query.type()).stream()
                        .filter(
                                object ->
                                        query.namespace().isEmpty()
                                                || object.namespace().equals(query.namespace()))
                        .filter(object -> query.labels().matches(object.labels()))
                        .toList();
        return new ObjectList(items, Long.toString(revision), "", OptionalLong.empty());
    }

    @Override
    public synchronized Watch watch(WatchQuery query, WatchListener listener) {
        long from = Long.parseLong(query.resourceVersion());
        OpenWatch watch = new OpenWatch(query.type(), listener);
        history.stream().filter(commit -> commit.revision() > from).forEach(watch::offer);
        watches.add(watch);
        return watch;
    }

    @Override
    public synchronized KubeObject create(
            ResourceType type, KubeObject object, WriteOptions options) {
        ObjectKey key = object.key(type);
        if (objects.containsKey(key)) {
            throw ApiException.alreadyExists(key);
        }
        if (type.namespaced()) {
            KubeObject namespace = objects.get(ResourceType.NAMESPACES.key("", key.namespace()));
            if (namespace != null && namespace.deleted().isPresent()) {
                throw new ApiException(Reason.FORBIDDEN, "the namespace is being terminated");
            }
        }
        KubeObject made =
                new KubeObject(object.json().without("status"))
                        .withMetadata("uid", Json.of(UUID.randomUUID().toString()))
                        .withMetadata(
                                "creationTimestamp", Json.of(Conditions.time(clock.instant())))
                        .withMetadata("generation", Json.of(1));
        if (type.equals(ResourceType.NAMESPACES)) {
            made = made.withSpec(new JsonObjectOf("finalizers", "kubernetes").json());
        }
        return options.dryRun() ? made : commit(type, key, null, made);
    }

    private record JsonObjectOf(String name, String item) {
        JsonObject json() {
            return JsonObject.of(name, JsonArray.ofStrings(List.of(item)));
        }
    }

    @Override
    public synchronized KubeObject update(
            ResourceType type, KubeObject object, String subresource, WriteOptions options) {
        ObjectKey key = object.key(type);
        KubeObject before = existing(key);
        String version = object.resourceVersion();
        if (!version.isEmpty() && !version.equals(before.resourceVersion())) {
            throw ApiException.conflict(key, "the object has been modified");
        }
        if (!object.uid().isEmpty() && !object.uid().equals(before.uid())) {
            throw ApiException.conflict(key, "the UID differs");
        }
        return apply(type, key, before, object, subresource, options);
    }

    private KubeObject existing(ObjectKey key) {
        KubeObject before = objects.get(key);
        if (before == null) {
            throw ApiException.notFound(key);
        }
        return before;
    }

    private KubeObject apply(
            ResourceType type,
            ObjectKey key,
            KubeObject before,
            KubeObject object,
            String subresource,
            WriteOptions options) {
        KubeObject after =
                switch (subresource) {
                    case "" -> whole(before, object);
                    case "status" -> before.withStatus(object.status());
                    case "finalize" -> before.withSpec(object.spec());
                    case "binding" -> {
                        if (!before.spec().text("nodeName").isEmpty()) {
                            throw ApiException.conflict(key, "the pod is bound already");
                        }
                        JsonObject scheduled = Conditions.of("PodScheduled", "True", "", "");
                        yield before.withSpec(
                                        before.spec()
                                                .with(
                                                        "nodeName",
                                                        object.json().text("target", "name")))
                                .withStatus(
                                        before.status()
                                                .with("conditions", JsonArray.of(scheduled)));
                    }
                    default -> throw new IllegalArgumentException(subresource);
                };
        if (options.dryRun() || after.equals(before)) {
            return after;
        }
        boolean finished =
                after.deleted().isPresent()
                        && after.finalizers().isEmpty()
                        && after.spec().array("finalizers").isEmpty()
                        && after.deletionGraceSeconds().orElse(0) == 0;
        return finished ? remove(type, key, after) : commit(type, key, before, after);
    }

    private static KubeObject whole(KubeObject before, KubeObject object) {
        JsonObject metadata = object.metadata();
        for (String kept :
                List.of(
                        "uid",
                        "creationTimestamp",
                        "generation",
                        "deletionTimestamp",
                        "deletionGracePeriodSeconds",
                        "resourceVersion")) {
            Optional<Json> value = before.metadata().get(kept);
            metadata =
                    value.isPresent() ? metadata.with(kept, value.get()) : metadata.without(kept);
        }
        KubeObject after = object.withMetadata(metadata);
        after =
                before.json().has("status")
                        ? after.withStatus(before.status())
                        : new KubeObject(after.json().without("status"));
        return after.spec().equals(before.spec())
                ? after
                : after.withMetadata("generation", Json.of(before.generation() + 1));
    }

    @Override
    public synchronized KubeObject patch(
            ResourceType type,
            ObjectKey key,
            Patch patch,
            String subresource,
            WriteOptions options) {
        KubeObject before = existing(key);
        if (patch.type() != PatchType.MERGE) {
            throw new ApiException(Reason.UNSUPPORTED_MEDIA_TYPE, "only merge patches");
        }
        KubeObject after =
                new KubeObject((JsonObject) MergePatch.apply(before.json(), patch.body()));
        return apply(type, key, before, after, subresource, options);
    }

    @Override
    public synchronized Deleted delete(ResourceType type, ObjectKey key, DeleteOptions options) {
        KubeObject before = existing(key);
        if (options.uid() != null && !options.uid().equals(before.uid())) {
            throw ApiException.conflict(key, "the UID differs");
        }
        if (options.resourceVersion() != null
                && !options.resourceVersion().equals(before.resourceVersion())) {
            throw ApiException.conflict(key, "the object has been modified");
        }
        Set<String> finalizers = new java.util.LinkedHashSet<>(before.finalizers());
        if (options.propagation() == Propagation.FOREGROUND) {
            finalizers.add("foregroundDeletion");
        } else if (options.propagation() == Propagation.ORPHAN) {
            finalizers.add("orphan");
        }
        boolean bound =
                type.equals(ResourceType.PODS)
                        && !PodFacts.node(before).isEmpty()
                        && !PodFacts.isFinished(before);
        long grace = bound ? options.graceSeconds().orElse(POD_GRACE) : 0;
        if (finalizers.isEmpty() && grace == 0 && before.spec().array("finalizers").isEmpty()) {
            return new Deleted(remove(type, key, before), true);
        }
        KubeObject marked = before;
        if (before.deleted().isEmpty()) {
            marked =
                    marked.withMetadata(
                                    "deletionTimestamp",
                                    Json.of(Conditions.time(clock.instant().plusSeconds(grace))))
                            .withMetadata("generation", Json.of(before.generation() + 1));
        }
        marked = marked.withMetadata("deletionGracePeriodSeconds", Json.of(grace));
        if (!finalizers.isEmpty()) {
            marked = marked.withMetadata("finalizers", JsonArray.ofStrings(finalizers));
        }
        return new Deleted(
                marked.equals(before) ? before : commit(type, key, before, marked), false);
    }

    private KubeObject remove(ResourceType type, ObjectKey key, KubeObject last) {
        objects.remove(key);
        KubeObject gone = last.withMetadata("resourceVersion", Json.of(Long.toString(++revision)));
        publish(new Commit(revision, type, EventType.DELETED, gone));
        return gone;
    }

    private KubeObject commit(
            ResourceType type, ObjectKey key, KubeObject before, KubeObject after) {
        KubeObject stored =
                after.withMetadata("resourceVersion", Json.of(Long.toString(++revision)));
        objects.put(key, stored);
        types.put(type.qualified(), type);
        publish(
                new Commit(
                        revision,
                        type,
                        before == null ? EventType.ADDED : EventType.MODIFIED,
                        stored));
        return stored;
    }

    private void publish(Commit commit) {
        history.add(commit);
        watches.forEach(watch -> watch.offer(commit));
    }

    @Override
    public void close() {
        delivery.shutdownNow();
    }

    private final class OpenWatch implements Watch {
        private final ResourceType type;
        private final WatchListener listener;
        private final Deque<Commit> waiting = new ArrayDeque<>();
        private boolean closed;

        OpenWatch(ResourceType type, WatchListener listener) {
            this.type = type;
            this.listener = listener;
        }

        void offer(Commit commit) {
            if (!commit.type().equals(type)) {
                return;
            }
            synchronized (waiting) {
                waiting.add(commit);
            }
            if (!delivery.isShutdown()) {
                delivery.execute(this::deliverOne);
            }
        }

        private void deliverOne() {
            Commit next;
            synchronized (waiting) {
                next = closed ? null : waiting.poll();
            }
            if (next != null) {
                listener.onEvent(new Event(next.kind(), next.object()));
            }
        }

        @Override
        public void bookmark() {}

        @Override
        public void close() {
            synchronized (waiting) {
                closed = true;
            }
            watches.remove(this);
        }
    }
}
