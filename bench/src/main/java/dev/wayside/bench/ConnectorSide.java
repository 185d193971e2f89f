// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import dev.wayside.connector.pki.Kubeconfig;
import dev.wayside.wire.ClientLimits;
import dev.wayside.wire.ClientTls;
import dev.wayside.wire.EventLoops;
import dev.wayside.wire.HttpConnection;
import dev.wayside.wire.StreamHandle;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntConsumer;

/** The connector, as {@code ./wayside up} starts it, on a port of its own. */
final class ConnectorSide implements StoreSide {
    static final String PODS = "/api/v1/namespaces/default/pods";
    private static final Duration READY = Duration.ofMinutes(2);
    private static final Map<String, String> JSON = Map.of("content-type", "application/json");
    private static final Map<String, String> APPLY =
            Map.of("content-type", "application/apply-patch+yaml");

    private final Machine machine;
    private final EventLoops loops;
    private final Path data;
    private final String heap;
    private final int port = Machine.freePort();
    private Measured process;
    private double startMillis;

    /**
     * @param heap the most that its JVM may take, as {@code -Xmx} takes it
     */
    ConnectorSide(Machine machine, EventLoops loops, String heap) throws Exception {
        this.machine = machine;
        this.loops = loops;
        this.heap = heap;
        this.data = machine.folder("connector");
        this.process = start();
    }

    private Measured start() throws IOException, InterruptedException {
        Measured started =
                Measured.start(
                        List.of(
                                machine.java(),
                                "-Xmx" + heap,
                                "-Dwayside.log.file=" + data.resolve("connector.log"),
                                "-cp",
                                machine.connectorHome().resolve("lib") + "/*",
                                "dev.wayside.connector.Connector",
                                "--data",
                                data.toString(),
                                "--listen",
                                "127.0.0.1:" + port,
                                "--ready-file",
                                data.resolve("ready").toString()),
                        Map.of(),
                        data.resolve("ready"),
                        READY);
        startMillis = started.readyMillis();
        return started;
    }

    /** Ends it and starts it again over the same data. */
    void restart() throws IOException, InterruptedException {
        process.close();
        process = start();
    }

    /** From the start of the process until it was ready. */
    double startMillis() {
        return startMillis;
    }

    @Override
    public String name() {
        return "connector";
    }

    @Override
    public long pid() {
        return process.jvm();
    }

    Path pki() {
        return data.resolve("pki");
    }

    Kubeconfig kubeconfig() throws IOException {
        return Kubeconfig.read(data.resolve("kubeconfig"));
    }

    ClientTls tls() throws IOException {
        return ClientTls.mutual(kubeconfig().identity(), Instant::now);
    }

    /** The same for both sides: lists of 10 MB are read whole. */
    static ClientLimits limits() {
        return ClientLimits.defaults().withMaxBodyBytes(256 << 20);
    }

    @Override
    public HttpConnection dial() throws IOException {
        return StoreSide.connected(
                HttpConnection.connect(
                        URI.create("https://127.0.0.1:" + port), tls(), limits(), loops));
    }

    @Override
    public CompletableFuture<Void> create(HttpConnection connection, String name, byte[] stored) {
        return send(connection, "POST", PODS, JSON, stored);
    }

    @Override
    public CompletableFuture<Void> apply(HttpConnection connection, String name, byte[] stored) {
        return send(
                connection,
                "PATCH",
                PODS + "/" + name + "?fieldManager=bench&force=true",
                APPLY,
                stored);
    }

    @Override
    public CompletableFuture<Void> replace(HttpConnection connection, String name, byte[] stored) {
        return send(connection, "PUT", PODS + "/" + name, JSON, stored);
    }

    CompletableFuture<Void> send(
            HttpConnection connection,
            String method,
            String target,
            Map<String, String> headers,
            byte[] body) {
        return connection.send(method, target, headers, body, TIMEOUT).thenAccept(StoreSide::good);
    }

    @Override
    public CompletableFuture<Integer> list(HttpConnection connection, int count) {
        return text(connection).thenApply(body -> body.length);
    }

    /** The list of all pods. */
    CompletableFuture<byte[]> text(HttpConnection connection) {
        return connection
                .send("GET", PODS, Map.of("accept", "application/json"), new byte[0], TIMEOUT)
                .thenApply(response -> StoreSide.good(response).body());
    }

    @Override
    public StreamHandle watch(HttpConnection connection, Runnable begun, IntConsumer events) {
        String target = PODS + "?watch=true&resourceVersion=" + revision(connection);
        return watch(connection, target, Map.of(), begun, events);
    }

    /** The newest revision. */
    String revision(HttpConnection connection) {
        return connection
                .send("GET", PODS + "?limit=1", JSON, new byte[0], TIMEOUT)
                .thenApply(
                        response -> {
                            try {
                                return Api.object(
                                                new String(
                                                        StoreSide.good(response).body(),
                                                        StandardCharsets.UTF_8))
                                        .text("metadata", "resourceVersion");
                            } catch (IOException e) {
                                throw new UncheckedIOException(e);
                            }
                        })
                .join();
    }

    StreamHandle watch(
            HttpConnection connection,
            String target,
            Map<String, String> headers,
            Runnable begun,
            IntConsumer events) {
        return connection.stream(
                "GET",
                target,
                headers,
                new byte[0],
                new Following() {
                    @Override
                    public void onHeaders(int status, Map<String, String> answered) {
                        super.onHeaders(status, answered);
                        begun.run();
                    }

                    @Override
                    public boolean onData(byte[] chunk) {
                        int lines = 0;
                        for (byte next : chunk) {
                            lines += next == '\n' ? 1 : 0;
                        }
                        events.accept(lines);
                        return true;
                    }
                });
    }

    @Override
    public void close() throws InterruptedException {
        process.close();
    }
}
