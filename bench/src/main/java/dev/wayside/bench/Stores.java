// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import dev.wayside.model.JsonObject;
import dev.wayside.wire.EventLoops;
import dev.wayside.wire.HttpConnection;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.function.IntFunction;

/**
 * The connector and etcd side by side, with the same pods in both: what etcd holds is, byte for
 * byte, what the connector answers with. Both sync every write to the same file system, and are
 * reached over HTTP/2, TLS 1.3 and client certificates by the same client in this process.
 */
final class Stores implements AutoCloseable {
    private static final int LOOPS = 2;
    private static final int AT_A_TIME = 64;

    private final EventLoops loops = new EventLoops("wayside-bench-client", LOOPS);
    private final ConnectorSide connector;
    private final EtcdSide etcd;
    private final byte[] sample;

    /**
     * @param pods that are in both from the start
     */
    Stores(Machine machine, int pods, String heap) throws Exception {
        connector = new ConnectorSide(machine, loops, heap);
        etcd = new EtcdSide(machine, loops, connector.tls(), connector.pki());
        try (HttpConnection ours = connector.dial();
                HttpConnection theirs = etcd.dial()) {
            connector.create(ours, name(0), pod(name(0)).toBytes()).join();
            sample =
                    object(new String(connector.text(ours).join(), StandardCharsets.UTF_8))
                            .array("items")
                            .objects()
                            .get(0)
                            .toBytes();
            each(1, pods, i -> connector.create(ours, name(i), pod(name(i)).toBytes()));
            each(0, pods, i -> etcd.create(theirs, name(i), stored(name(i), 0)));
        }
    }

    ConnectorSide connector() {
        return connector;
    }

    EtcdSide etcd() {
        return etcd;
    }

    List<StoreSide> both() {
        return List.of(connector, etcd);
    }

    EventLoops loops() {
        return loops;
    }

    /** Sends requests, some at a time, and waits for them all. */
    static void each(int from, int to, IntFunction<CompletableFuture<Void>> request)
            throws InterruptedException {
        each(from, to, AT_A_TIME, request);
    }

    static void each(int from, int to, int atATime, IntFunction<CompletableFuture<Void>> request)
            throws InterruptedException {
        Semaphore free = new Semaphore(atATime);
        List<CompletableFuture<Void>> sent = new ArrayList<>(to - from);
        for (int i = from; i < to; i++) {
            free.acquire();
            sent.add(request.apply(i).whenComplete((done, failure) -> free.release()));
        }
        CompletableFuture.allOf(sent.toArray(CompletableFuture[]::new)).join();
    }

    /** Of one length, so that every pod's text is. */
    static String name(int number) {
        return "bench-%06d".formatted(number);
    }

    /** What a user would write: two containers with the usual settings. */
    static JsonObject pod(String name) {
        return pod(name, "", "");
    }

    /**
     * @param spec what else is in its spec, as members that end with a comma
     * @param container the same of its first container
     */
    static JsonObject pod(String name, String spec, String container) {
        return object(
                """
                {"apiVersion": "v1", "kind": "Pod",
                 "metadata": {"name": "%s", "namespace": "default",
                   "labels": {"app": "bench", "app.kubernetes.io/name": "bench"},
                   "annotations": {"wayside.dev/bench-turn": "000000"}},
                 "spec": {%s "schedulerName": "nobody",
                   "containers": [
                     {"name": "main", %s "image": "busybox:1.36", "command": ["sleep", "86400"],
                      "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
                      "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "32Mi"}},
                      "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}}},
                     {"name": "side", "image": "busybox:1.36", "command": ["sleep", "86400"]}]}}
                """
                        .formatted(name, spec, container));
    }

    /** A pod as the connector stores it, at a turn of its changes. */
    byte[] stored(String name, int turn) {
        return new String(sample, StandardCharsets.UTF_8)
                .replace(name(0), name)
                .replace("\"000000\"", "\"%06d\"".formatted(turn))
                .getBytes(StandardCharsets.UTF_8);
    }

    /** The same as a client would write it: without what the server sets. */
    byte[] written(String name, int turn) {
        JsonObject pod = object(new String(stored(name, turn), StandardCharsets.UTF_8));
        JsonObject metadata =
                pod.object("metadata")
                        .without("uid")
                        .without("resourceVersion")
                        .without("creationTimestamp")
                        .without("generation")
                        .without("managedFields");
        return pod.with("metadata", metadata).without("status").toBytes();
    }

    /** The pod as a client of this side writes it so that it is stored alike on both. */
    byte[] text(StoreSide side, String name, int turn) {
        return side == connector ? written(name, turn) : stored(name, turn);
    }

    private static JsonObject object(String text) {
        try {
            return Api.object(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int storedBytes() {
        return sample.length;
    }

    @Override
    public void close() throws Exception {
        try {
            connector.close();
        } finally {
            try {
                etcd.close();
            } finally {
                loops.close();
            }
        }
    }
}
