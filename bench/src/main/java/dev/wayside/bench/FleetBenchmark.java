// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import dev.wayside.model.JsonObject;
import dev.wayside.wire.HttpConnection;
import dev.wayside.wire.StreamHandle;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * 10,000 gateways with their five narrow watches each, 200 watches of all pods, and 50,000 pods:
 * how long the connector takes to start over that, what an idle watch holds of its heap, and what a
 * change costs. etcd holds the same pods, and has 10,000 watches of one key each.
 */
final class FleetBenchmark implements Benchmarks.Benchmark {
    private static final int GATEWAYS = Integer.getInteger("wayside.bench.gateways", 10_000);
    private static final int PODS = 5 * GATEWAYS;
    private static final int WATCHES_OF_ALL = 200;
    private static final int PER_CONNECTION = 200;
    private static final int CHANGES = 200;
    private static final String HEAP = "4g";
    private static final long PATIENCE_SECONDS = 120;

    private final List<HttpConnection> connections = new ArrayList<>();
    private final Queue<StreamHandle> open = new ConcurrentLinkedQueue<>();
    private int onLast;

    @Override
    public void run(Machine machine) throws Exception {
        try (Stores stores = new Stores(machine, 1, HEAP)) {
            fill(stores);
            starts(stores);
            watches(machine, stores);
        }
    }

    private static void fill(Stores stores) throws Exception {
        ConnectorSide connector = stores.connector();
        try (HttpConnection ours = connector.dial();
                HttpConnection theirs = stores.etcd().dial()) {
            Map<String, String> json = Map.of("content-type", "application/json");
            Stores.each(
                    0, GATEWAYS, i -> connector.send(ours, "POST", "/api/v1/nodes", json, node(i)));
            Stores.each(1, PODS + 1, i -> connector.create(ours, Stores.name(i), pod(i).toBytes()));
            Stores.each(
                    1,
                    PODS + 1,
                    i ->
                            stores.etcd()
                                    .create(
                                            theirs,
                                            Stores.name(i),
                                            stores.stored(Stores.name(i), 0)));
        }
    }

    private static byte[] node(int gateway) {
        return JsonObject.builder()
                .put("apiVersion", "v1")
                .put("kind", "Node")
                .put("metadata", JsonObject.of("name", "gw-" + gateway))
                .build()
                .toBytes();
    }

    /** On gateway {@code i % GATEWAYS}; names what that one's five watches are of. */
    private static JsonObject pod(int i) {
        int gateway = i % GATEWAYS;
        return Stores.pod(
                Stores.name(i),
                "\"nodeName\": \"gw-" + gateway + "\",",
                "\"envFrom\": [{\"configMapRef\": {\"name\": \"settings\"}},"
                        + " {\"configMapRef\": {\"name\": \"map-"
                        + gateway
                        + "\"}}, {\"secretRef\": {\"name\": \"secret-"
                        + gateway
                        + "\"}}],");
    }

    private static void starts(Stores stores) throws Exception {
        Figures ours = new Figures();
        Figures theirs = new Figures();
        for (int i = 0; i < 3; i++) {
            stores.connector().restart();
            ours.add(stores.connector().startMillis());
            stores.etcd().restart();
            theirs.add(stores.etcd().startMillis());
        }
        System.out.println(
                "start over " + PODS + " pods and " + GATEWAYS + " nodes (etcd: pods), ms");
        System.out.println("  connector  " + ours + "  " + ours.ratioTo(theirs) + " of etcd's");
        System.out.println("  etcd       " + theirs);
    }

    private void watches(Machine machine, Stores stores) throws Exception {
        ConnectorSide connector = stores.connector();
        AtomicLong ofAll = new AtomicLong();
        String revision;
        try (HttpConnection reader = connector.dial()) {
            revision = connector.revision(reader);
        }
        double empty = Measured.heap(machine, connector.pid());
        double emptyEtcd = Measured.rss(stores.etcd().pid());
        AtomicLong narrow = new AtomicLong();
        String from =
                "?watch=true&allowWatchBookmarks=true&resourceVersion="
                        + revision
                        + "&fieldSelector=";
        open(connector, "/api/v1/pods" + from + "spec.nodeName%3Dgw-", true, narrow);
        double idle = Measured.heap(machine, connector.pid());
        System.out.printf(
                "heap of an idle watch over HTTP/2, KB, %d of them: connector %.2f%n",
                GATEWAYS, (idle - empty) / GATEWAYS);
        etcd(stores, emptyEtcd);
        String named = from + "metadata.name%3D";
        String maps = "/api/v1/namespaces/default/configmaps";
        AtomicLong other = new AtomicLong();
        open(connector, "/api/v1/nodes" + named + "gw-", true, other);
        open(connector, maps + named + "settings", false, other);
        open(connector, maps + named + "map-", true, other);
        open(connector, "/api/v1/namespaces/default/secrets" + named + "secret-", true, other);
        for (int i = 0; i < WATCHES_OF_ALL; i++) {
            watch(connector, "/api/v1/pods?watch=true&resourceVersion=" + revision, -1, ofAll)
                    .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
        double all = Measured.heap(machine, connector.pid());
        System.out.printf(
                "heap with %d watches and %d pods, MB: %.0f (%.0f before the watches)%n",
                5 * GATEWAYS + WATCHES_OF_ALL, PODS, all / 1024, empty / 1024);
        changes(connector, narrow, ofAll);
        open.forEach(StreamHandle::cancel);
        connections.forEach(HttpConnection::close);
    }

    private void etcd(Stores stores, double empty) throws Exception {
        List<HttpConnection> theirs = new ArrayList<>();
        List<StreamHandle> watches = new ArrayList<>();
        List<CompletableFuture<Void>> begun = new ArrayList<>();
        for (int i = 0; i < GATEWAYS; i++) {
            if (i % PER_CONNECTION == 0) {
                theirs.add(stores.etcd().dial());
            }
            CompletableFuture<Void> one = new CompletableFuture<>();
            begun.add(one);
            watches.add(
                    stores.etcd()
                            .watchOne(
                                    theirs.get(theirs.size() - 1),
                                    Stores.name(1 + i),
                                    () -> one.complete(null)));
        }
        CompletableFuture.allOf(begun.toArray(CompletableFuture[]::new))
                .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        System.out.printf(
                "  etcd %.2f of resident memory, a stream each%n",
                (Measured.rss(stores.etcd().pid()) - empty) * 1024 / GATEWAYS);
        watches.forEach(StreamHandle::cancel);
        theirs.forEach(HttpConnection::close);
    }

    /**
     * Opens a watch for each gateway.
     *
     * @param numbered whether the gateway's number ends the path
     */
    private void open(ConnectorSide connector, String path, boolean numbered, AtomicLong told)
            throws Exception {
        Stores.each(
                0,
                GATEWAYS,
                i -> {
                    try {
                        return watch(connector, path + (numbered ? i : ""), i, told);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
    }

    /** Completes when the watch has begun. */
    private CompletableFuture<Void> watch(
            ConnectorSide connector, String target, int gateway, AtomicLong told)
            throws IOException {
        if (connections.isEmpty() || onLast == PER_CONNECTION) {
            connections.add(connector.dial());
            onLast = 0;
        }
        onLast++;
        Map<String, String> as =
                gateway < 0
                        ? Map.of()
                        : Map.of(
                                "impersonate-user",
                                "system:node:gw-" + gateway,
                                "impersonate-group",
                                "system:nodes");
        CompletableFuture<Void> begun = new CompletableFuture<>();
        open.add(
                connector.watch(
                        connections.get(connections.size() - 1),
                        target,
                        as,
                        () -> begun.complete(null),
                        told::addAndGet));
        return begun;
    }

    private static void changes(ConnectorSide connector, AtomicLong narrow, AtomicLong ofAll)
            throws Exception {
        Figures work = new Figures();
        Figures latency = new Figures();
        Map<String, String> merge = Map.of("content-type", "application/merge-patch+json");
        try (HttpConnection writer = connector.dial()) {
            for (int i = 0; i < CHANGES; i++) {
                long narrowWanted = narrow.get() + 1;
                long allWanted = ofAll.get() + WATCHES_OF_ALL;
                double cpu = Measured.cpuMillis(connector.pid());
                long begun = System.nanoTime();
                var written =
                        connector.send(
                                writer,
                                "PATCH",
                                ConnectorSide.PODS + "/" + Stores.name(1 + i),
                                merge,
                                ("{\"metadata\":{\"annotations\":{\"n\":\"" + i + "\"}}}")
                                        .getBytes(java.nio.charset.StandardCharsets.UTF_8));
                while (narrow.get() < narrowWanted || ofAll.get() < allWanted) {
                    if (System.nanoTime() - begun > TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS)) {
                        throw new IllegalStateException("a change was not told to all");
                    }
                    TimeUnit.MICROSECONDS.sleep(100); // the resolution of the figure
                }
                latency.add((System.nanoTime() - begun) / 1e6);
                written.get();
                work.add(Measured.cpuMillis(connector.pid()) - cpu);
            }
        }
        System.out.println(
                "one change of a pod among them, told to its gateway and the "
                        + WATCHES_OF_ALL
                        + " watches of all, ms "
                        + latency);
        System.out.printf("  of the connector's processor, ms, mean %.1f%n", work.mean());
    }
}
