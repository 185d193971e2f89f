// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.connector.apiserver.ChangePlans;
import dev.wayside.connector.schema.BuiltInKinds;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.EmbeddedObjectStore;
import dev.wayside.connector.store.ObjectStore.DeleteOptions;
import dev.wayside.connector.store.ObjectStore.Patch;
import dev.wayside.connector.store.ObjectStore.Propagation;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.connector.store.StoreSettings;
import dev.wayside.connector.workload.FakeObjectStore;
import dev.wayside.connector.workload.TestStore;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import dev.wayside.testing.ManualClock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A store, its controllers, and gateways that run every pod they are given. */
final class World implements AutoCloseable {
    static final WriteOptions USER = WriteOptions.by("test");
    private static final String NAMESPACE = "default";

    /** Which store it is. */
    enum Kind {
        FAKE,
        EMBEDDED
    }

    final ManualClock clock = new ManualClock(Instant.parse("2026-01-01T00:00:00Z"));
    final Kind kind;
    final TestStore store;
    final CountingStore counts;
    private final AutoCloseable inner;
    private @Nullable Path folder;
    private final BlockingQueue<ObjectKey> gatewayWork = new LinkedBlockingQueue<>();
    private final Thread gateways = new Thread(this::runPods, "gateways");
    private volatile Predicate<KubeObject> healthy = pod -> true;
    private final Map<String, Integer> addresses = new HashMap<>();
    private volatile boolean closed;
    private @Nullable Controllers controllers;

    World(Kind kind) {
        this.kind = kind;
        if (kind == Kind.FAKE) {
            FakeObjectStore fake = new FakeObjectStore(clock);
            inner = fake;
            counts = new CountingStore(fake);
        } else {
            EmbeddedObjectStore embedded = open();
            inner = embedded;
            counts = new CountingStore(embedded);
        }
        store = new TestStore(counts);
        store.observe(
                ResourceType.PODS,
                (before, after) -> {
                    if (after != null) {
                        gatewayWork.add(after.key(ResourceType.PODS));
                    }
                });
        gateways.setDaemon(true);
        gateways.start();
        namespace(NAMESPACE);
        namespace("kube-node-lease");
    }

    private EmbeddedObjectStore open() {
        try {
            folder = Files.createTempDirectory("controllers");
            return EmbeddedObjectStore.open(
                    folder, new BuiltInKinds(), StoreSettings.DEFAULT, clock);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How many objects of a kind the controllers have read so far. */
    long given(ResourceType type) {
        return java.util.Objects.requireNonNull(controllers).cluster().informer(type).given();
    }

    World start() {
        controllers = Controllers.start(store, clock, clock::nanoTime);
        return this;
    }

    void stop() {
        if (controllers != null) {
            controllers.close();
            controllers = null;
        }
    }

    /** What would be foretold to somebody who may know everything. */
    List<String> plan(
            ResourceType type,
            @Nullable KubeObject before,
            @Nullable KubeObject after,
            boolean dryRun) {
        return Objects.requireNonNull(controllers)
                .warnings(
                        new ChangePlans.Change(
                                type,
                                before,
                                after,
                                dryRun,
                                false,
                                () -> false,
                                (kind, namespace) -> true));
    }

    /** Whether the controllers have seen all that is in the store of these kinds. */
    boolean isSeen(ResourceType... types) {
        return Stream.of(types)
                .allMatch(
                        type ->
                                versions(store.all(type))
                                        .equals(
                                                versions(
                                                        Objects.requireNonNull(controllers)
                                                                .cluster()
                                                                .informer(type)
                                                                .all())));
    }

    private static Map<String, String> versions(List<KubeObject> objects) {
        Map<String, String> versions = new HashMap<>();
        objects.forEach(object -> versions.put(object.uid(), object.resourceVersion()));
        return versions;
    }

    void restart() {
        stop();
        start();
    }

    @Override
    public void close() {
        stop();
        closed = true;
        gatewayWork.add(ResourceType.PODS.key("", ""));
        try {
            gateways.join(5_000);
            store.close();
            inner.close();
            if (folder != null) {
                try (Stream<Path> files = Files.walk(folder)) {
                    files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
                }
            }
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** Which pods become ready; looked at when a pod changes. */
    void healthy(Predicate<KubeObject> which) {
        healthy = which;
        store.all(ResourceType.PODS).forEach(pod -> gatewayWork.add(pod.key(ResourceType.PODS)));
    }

    private void runPods() {
        try {
            while (!closed) {
                ObjectKey key = gatewayWork.poll(1, TimeUnit.SECONDS);
                if (key != null) {
                    try {
                        runPod(key);
                    } catch (ApiException e) {
                        gatewayWork.add(key);
                    }
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void runPod(ObjectKey key) {
        KubeObject pod = store.get(key).orElse(null);
        if (pod == null || pod.spec().text("nodeName").isEmpty()) {
            return;
        }
        if (pod.deleted().isPresent()) {
            store.delete(
                    ResourceType.PODS,
                    key,
                    new DeleteOptions(OptionalLong.of(0), pod.uid(), null, null, false));
            return;
        }
        if (List.of("Failed", "Succeeded").contains(pod.status().text("phase"))) {
            return;
        }
        String ready = healthy.test(pod) ? "True" : "False";
        if (!pod.status().text("phase").equals("Running")
                || !pod.condition("Ready").orElse(JsonObject.EMPTY).text("status").equals(ready)) {
            JsonObject condition =
                    JsonObject.builder()
                            .put("type", "Ready")
                            .put("status", ready)
                            .put("lastTransitionTime", clock.instant().toString())
                            .build();
            JsonObject status =
                    pod.status().toBuilder()
                            .put("phase", "Running")
                            .put("podIP", address(pod))
                            .put("conditions", JsonArray.of(condition))
                            .build();
            store.update(ResourceType.PODS, pod.withStatus(status), "status", USER);
        }
    }

    private String address(KubeObject pod) {
        int number = addresses.computeIfAbsent(pod.uid(), uid -> addresses.size() + 1);
        return "10.244." + number / 250 + "." + (number % 250 + 1);
    }

    KubeObject service(String name, String spec) {
        return store.create(
                ResourceType.SERVICES,
                KubeObject.of(ResourceType.SERVICES, NAMESPACE, name).withSpec(parse(spec)),
                USER);
    }

    void namespace(String name) {
        store.create(
                ResourceType.NAMESPACES, KubeObject.of(ResourceType.NAMESPACES, "", name), USER);
    }

    KubeObject node(String name, Map<String, String> labels) {
        KubeObject node =
                store.create(
                        ResourceType.NODES,
                        KubeObject.of(ResourceType.NODES, "", name).withLabels(labels),
                        USER);
        return store.update(
                ResourceType.NODES,
                node.withStatus(
                                parse(
                                        """
                                        {"allocatable":{"cpu":"4","memory":"4Gi","pods":"110"},
                                         "conditions":[{"type":"Ready","status":"True"}]}
                                        """))
                        .withoutMetadata("resourceVersion"),
                "status",
                USER);
    }

    void label(String node, String key, @Nullable String value) {
        String text = value == null ? "null" : "\"" + value + "\"";
        patch(
                ResourceType.NODES,
                node,
                "{\"metadata\":{\"labels\":{\"" + key + "\":" + text + "}}}");
    }

    KubeObject grid(String name, String spec) {
        return store.create(
                ResourceType.DEPLOYMENT_GRIDS,
                KubeObject.of(ResourceType.DEPLOYMENT_GRIDS, NAMESPACE, name).withSpec(parse(spec)),
                USER);
    }

    KubeObject deployment(String name, String spec) {
        return store.create(
                ResourceType.DEPLOYMENTS,
                KubeObject.of(ResourceType.DEPLOYMENTS, NAMESPACE, name).withSpec(parse(spec)),
                USER);
    }

    KubeObject create(ResourceType type, String name, String spec) {
        return store.create(type, KubeObject.of(type, NAMESPACE, name).withSpec(parse(spec)), USER);
    }

    KubeObject patch(ResourceType type, String name, String body) {
        return store.patch(type, type.key(NAMESPACE, name), Patch.merge(parse(body)), "", USER);
    }

    void delete(ResourceType type, String name) {
        delete(type, name, Propagation.BACKGROUND);
    }

    void delete(ResourceType type, String name, Propagation propagation) {
        store.delete(
                type,
                type.key(NAMESPACE, name),
                new DeleteOptions(OptionalLong.empty(), null, null, propagation, false));
    }

    KubeObject get(ResourceType type, String name) {
        return store.get(type.key(NAMESPACE, name))
                .orElseThrow(() -> new AssertionError("no " + type.kind() + " " + name));
    }

    boolean exists(ResourceType type, String name) {
        return store.get(type.key(NAMESPACE, name)).isPresent();
    }

    List<String> names(ResourceType type) {
        return store.all(type).stream().map(KubeObject::name).toList();
    }

    Stream<KubeObject> pods(String namePrefix) {
        return store.all(ResourceType.PODS).stream()
                .filter(pod -> pod.name().startsWith(namePrefix));
    }

    boolean isComplete(String deployment, int replicas) {
        return isComplete(ResourceType.DEPLOYMENTS, deployment, replicas);
    }

    /** Of a Deployment or StatefulSet. */
    boolean isComplete(ResourceType type, String name, int replicas) {
        return store.get(type.key(NAMESPACE, name))
                .filter(
                        each -> {
                            JsonObject status = each.status();
                            return status.number("observedGeneration").orElse(0)
                                            == each.generation()
                                    && status.number("replicas").orElse(0) == replicas
                                    && status.number("updatedReplicas").orElse(0) == replicas
                                    && status.number("availableReplicas").orElse(0) == replicas;
                        })
                .isPresent();
    }

    String events() {
        return store.all(ResourceType.EVENTS).stream()
                .map(event -> event.json().text("reason") + ": " + event.json().text("message"))
                .reduce("", (one, other) -> one + "\n" + other);
    }

    /** A DeploymentSpec with that image; {@code more} begins with a comma or is empty. */
    static String spec(String app, String image, String more) {
        return """
        {"selector":{"matchLabels":{"app":"APP"}},
         "template":{"metadata":{"labels":{"app":"APP"}},
                     "spec":{"containers":[{"name":"c","image":"IMAGE"}]}} MORE}
        """
                .replace("APP", app)
                .replace("IMAGE", image)
                .replace("MORE", more);
    }

    static JsonObject parse(String json) {
        try {
            return (JsonObject) Json.parse(json);
        } catch (JsonException e) {
            throw new AssertionError(json, e);
        }
    }

    /** Waits for a condition that other threads bring about. */
    static void await(String what, BooleanSupplier condition) {
        await(what, condition, Duration.ofSeconds(20));
    }

    static void await(String what, BooleanSupplier condition, Duration most) {
        long end = System.nanoTime() + most.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(end);
            java.util.concurrent.locks.LockSupport.parkNanos(2_000_000);
        }
    }
}
