// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import dev.wayside.connector.grid.Controllers;
import dev.wayside.connector.schema.BuiltInKinds;
import dev.wayside.connector.store.EmbeddedObjectStore;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.connector.store.ObjectStore.Patch;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.connector.store.StoreSettings;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * Ten grids over a thousand sites on the embedded store, in this process: the first translation, a
 * change of one template, a site that moves; what is written and how long it takes, beside plain
 * creates of the same objects into a fresh store by as many threads as the controllers have. No
 * gateway runs the pods: they are made and bound, and that is the end. But the gateways' Leases are
 * renewed, or after a minute no node would be given pods any more.
 */
final class GridsBenchmark implements Benchmarks.Benchmark {
    private static final int SITES = Integer.getInteger("wayside.bench.sites", 1_000);
    private static final int GRIDS = Integer.getInteger("wayside.bench.grids", 10);
    private static final int THREADS = 8;
    private static final Duration RENEWAL = Duration.ofSeconds(20);

    /** Longer than a grid's status of that many sites is gathered. */
    private static final long QUIET_MILLIS = 5_000;

    private static final long MOST_NANOS = TimeUnit.MINUTES.toNanos(20);
    private static final WriteOptions USER = WriteOptions.by("bench");
    private static final List<ResourceType> MADE =
            List.of(ResourceType.DEPLOYMENTS, ResourceType.REPLICA_SETS, ResourceType.PODS);

    private static final String CHILDREN_MADE = "create deployments.apps";
    private static final String CHILDREN_CHANGED = "update deployments.apps";
    private static final String BOUND = "update pods/binding";

    @Override
    public void run(Machine machine) throws Exception {
        Path folder = Files.createTempDirectory("wayside-bench-grids");
        try (EmbeddedObjectStore embedded = open(folder.resolve("store"))) {
            CountingStore store = new CountingStore(embedded);
            namespace(store);
            for (int site = 0; site < SITES; site++) {
                node(store, "n" + site, "s" + site);
            }
            long empty = heap();
            try (Renewals renewals = new Renewals(embedded);
                    Controllers controllers = Controllers.start(store, Clock.systemUTC())) {
                measure(store, embedded, folder, empty);
            }
        } finally {
            try (Stream<Path> files = Files.walk(folder)) {
                files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
            }
        }
    }

    /** Every node's Lease, renewed as its gateway would; not counted with the others' writes. */
    private static final class Renewals implements AutoCloseable {
        private final ScheduledExecutorService thread =
                Executors.newSingleThreadScheduledExecutor();

        private final Future<?> renewing;

        Renewals(ObjectStore store) {
            renew(store);
            renewing =
                    thread.scheduleWithFixedDelay(
                            () -> renew(store),
                            RENEWAL.toSeconds(),
                            RENEWAL.toSeconds(),
                            TimeUnit.SECONDS);
        }

        private static void renew(ObjectStore store) {
            JsonObject spec =
                    JsonObject.of(
                            "renewTime", Instant.now().truncatedTo(ChronoUnit.MICROS).toString());
            for (int site = 0; site < SITES; site++) {
                KubeObject lease =
                        KubeObject.of(ResourceType.LEASES, "kube-node-lease", "n" + site)
                                .withSpec(spec);
                if (store.get(lease.key(ResourceType.LEASES)).isPresent()) {
                    store.patch(
                            ResourceType.LEASES,
                            lease.key(ResourceType.LEASES),
                            Patch.merge(JsonObject.of("spec", spec)),
                            "",
                            USER);
                } else {
                    store.create(ResourceType.LEASES, lease, USER);
                }
            }
        }

        @Override
        public void close() {
            renewing.cancel(false);
            thread.shutdown();
        }
    }

    private static void measure(
            CountingStore store, EmbeddedObjectStore embedded, Path folder, long empty)
            throws Exception {
        int all = SITES * GRIDS;
        System.out.println(GRIDS + " grids over " + SITES + " sites of one node");
        Map<String, Long> before = store.counts();
        long begun = System.nanoTime();
        for (int grid = 0; grid < GRIDS; grid++) {
            grid(store, "g" + grid);
        }
        await(() -> store.count(CHILDREN_MADE) >= all);
        double children = seconds(begun);
        await(() -> store.count(BOUND) >= all);
        double bound = seconds(begun);
        awaitTold(store, SITES);
        double told = seconds(begun);
        quiet(store);
        Map<String, Long> first = store.since(before);
        long full = heap();
        double[] plain = plain(embedded, folder.resolve("plain"));
        System.out.printf(
                "  first translation: %d children after %.1f s, pods bound after %.1f s, statuses"
                        + " complete after %.1f s%n",
                all, children, bound, told);
        System.out.printf(
                "  plain creates: the children alone %.1f s (%.2f×), with their ReplicaSets and"
                        + " pods %.1f s (%.2f×)%n",
                plain[0], children / plain[0], plain[1], bound / plain[1]);
        System.out.println("  writes " + first);
        System.out.printf(
                "  memory: %.1f KB per site, %.1f KB per child with its ReplicaSet and pod%n",
                (full - empty) / 1024.0 / SITES, (full - empty) / 1024.0 / all);

        quiet(store);
        before = store.counts();
        long changed = store.count(CHILDREN_CHANGED) + SITES;
        begun = System.nanoTime();
        store.patch(
                ResourceType.DEPLOYMENT_GRIDS,
                ResourceType.DEPLOYMENT_GRIDS.key("default", "g0"),
                Patch.merge(spec("busybox:2")),
                "",
                USER);
        await(() -> store.count(CHILDREN_CHANGED) >= changed);
        System.out.printf(
                "  one template changed: %d children after %.1f s", SITES, seconds(begun));
        long target = (long) all + SITES;
        await(() -> store.count(BOUND) >= target);
        System.out.printf(", pods bound after %.1f s", seconds(begun));
        awaitTold(store, SITES);
        System.out.printf(", statuses complete after %.1f s%n", seconds(begun));
        quiet(store);
        System.out.println("  writes " + store.since(before));

        before = store.counts();
        begun = System.nanoTime();
        store.patch(
                ResourceType.NODES,
                ResourceType.NODES.key("", "n0"),
                Patch.merge(
                        Api.object("{\"metadata\": {\"labels\": {\"bench/site\": \"moved\"}}}")),
                "",
                USER);
        await(() -> store.count(CHILDREN_MADE) >= all + GRIDS);
        System.out.printf(
                "  one site moved: %d children after %.0f ms", GRIDS, seconds(begun) * 1e3);
        await(() -> store.count(BOUND) >= target + GRIDS);
        System.out.printf(", pods bound after %.1f s", seconds(begun));
        awaitTold(store, SITES + 1);
        System.out.printf(", statuses complete after %.1f s%n", seconds(begun));
        quiet(store);
        System.out.println("  writes " + store.since(before));
    }

    /** What a step leaves to be written is not to count for the next. */
    private static void quiet(CountingStore store) throws InterruptedException {
        AtomicReference<Map<String, Long>> last = new AtomicReference<>(Map.of());
        await(() -> store.counts().equals(last.getAndSet(store.counts())), QUIET_MILLIS);
    }

    private static EmbeddedObjectStore open(Path folder) throws IOException {
        Files.createDirectories(folder);
        return EmbeddedObjectStore.open(
                folder, new BuiltInKinds(), StoreSettings.DEFAULT, Clock.systemUTC());
    }

    private static void namespace(ObjectStore store) {
        for (String name : List.of("default", "kube-node-lease")) {
            store.create(
                    ResourceType.NAMESPACES,
                    KubeObject.of(ResourceType.NAMESPACES, "", name),
                    USER);
        }
    }

    private static void node(ObjectStore store, String name, String site) throws IOException {
        KubeObject node =
                store.create(
                        ResourceType.NODES,
                        KubeObject.of(ResourceType.NODES, "", name)
                                .withLabels(
                                        Map.of("bench/site", site, "kubernetes.io/hostname", name)),
                        USER);
        JsonObject status =
                Api.object(
                        """
                        {"allocatable": {"cpu": "4", "memory": "4Gi", "pods": "110"},
                         "conditions": [{"type": "Ready", "status": "True"}]}
                        """);
        store.update(ResourceType.NODES, node.withStatus(status), "status", USER);
    }

    private static JsonObject spec(String image) throws IOException {
        return Api.object(
                """
                {"spec": {"gridUniqKey": "bench/site", "template": {"replicas": 1,
                   "selector": {"matchLabels": {"app": "bench"}},
                   "template": {"metadata": {"labels": {"app": "bench"}},
                     "spec": {"containers": [{"name": "main", "image": "%s",
                       "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}}}]}}}}}
                """
                        .formatted(image));
    }

    private static void grid(ObjectStore store, String name) throws IOException {
        store.create(
                ResourceType.DEPLOYMENT_GRIDS,
                KubeObject.of(ResourceType.DEPLOYMENT_GRIDS, "default", name)
                        .withSpec(spec("busybox:1").object("spec")),
                USER);
    }

    /** Looks seldom: a look reads all statuses. */
    private static void awaitTold(ObjectStore store, int sites) throws InterruptedException {
        await(() -> complete(store, sites), 500);
    }

    /** Whether every grid has told of every site at its present generation. */
    private static boolean complete(ObjectStore store, int sites) {
        return store.list(ListQuery.all(ResourceType.DEPLOYMENT_GRIDS)).items().stream()
                .allMatch(
                        grid ->
                                grid.status().number("observedGeneration").orElse(0)
                                                == grid.generation()
                                        && grid.status().object("states").members().size()
                                                >= sites);
    }

    /** Seconds for the children alone, and for all. */
    private static double[] plain(ObjectStore from, Path folder) throws Exception {
        List<List<KubeObject>> objects = new ArrayList<>();
        for (ResourceType type : MADE) {
            objects.add(from.list(ListQuery.all(type)).items());
        }
        try (EmbeddedObjectStore fresh = open(folder)) {
            namespace(fresh);
            long begun = System.nanoTime();
            create(fresh, MADE.get(0), objects.get(0));
            double children = seconds(begun);
            for (int i = 1; i < MADE.size(); i++) {
                create(fresh, MADE.get(i), objects.get(i));
            }
            return new double[] {children, seconds(begun)};
        }
    }

    private static void create(ObjectStore store, ResourceType type, List<KubeObject> objects)
            throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            List<Future<?>> done = new ArrayList<>();
            for (KubeObject object : objects) {
                KubeObject bare =
                        object.withoutMetadata("uid")
                                .withoutMetadata("resourceVersion")
                                .withoutMetadata("creationTimestamp")
                                .withoutMetadata("generation");
                done.add(threads.submit(() -> store.create(type, bare, USER)));
            }
            for (Future<?> each : done) {
                each.get();
            }
        } finally {
            threads.shutdown();
        }
    }

    private static double seconds(long begun) {
        return (System.nanoTime() - begun) / 1e9;
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        await(condition, 50);
    }

    private static void await(BooleanSupplier condition, long millis) throws InterruptedException {
        long end = System.nanoTime() + MOST_NANOS;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException("the controllers did not come to an end");
            }
            Thread.sleep(millis);
        }
    }

    /** What is alive, in bytes. */
    private static long heap() throws InterruptedException {
        for (int i = 0; i < 3; i++) {
            System.gc();
            Thread.sleep(200);
        }
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
