// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import dev.wayside.wire.ClientTls;
import dev.wayside.wire.EventLoops;
import dev.wayside.wire.HttpConnection;
import dev.wayside.wire.HttpResponse;
import dev.wayside.wire.StreamHandle;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntConsumer;

/**
 * Debian's etcd, one member, spoken to by gRPC with the HTTP/2 client that speaks to the connector,
 * under the connector's own certificates. Its data is beside the connector's.
 */
final class EtcdSide implements StoreSide {
    private static final byte[] PREFIX = "/registry/pods/default/".getBytes(StandardCharsets.UTF_8);
    private static final byte[] END = "/registry/pods/default0".getBytes(StandardCharsets.UTF_8);
    private static final Duration READY = Duration.ofMinutes(1);
    private static final Map<String, String> GRPC =
            Map.of("content-type", "application/grpc", "te", "trailers");
    private static final int GRPC_PREFIX = 5;
    private static final int KEY_VALUES = 2;
    private static final int EVENTS = 11;

    private final EventLoops loops;
    private final ClientTls tls;
    private final URI server;
    private final List<String> command;
    private Measured process;

    /**
     * @param pki where {@code ca.crt}, {@code server.crt} and {@code server.key} are
     */
    EtcdSide(Machine machine, EventLoops loops, ClientTls tls, Path pki) throws Exception {
        this.loops = loops;
        this.tls = tls;
        int port = Machine.freePort();
        this.server = URI.create("https://127.0.0.1:" + port);
        String peer = "http://127.0.0.1:" + Machine.freePort();
        this.command =
                List.of(
                        Machine.etcd(),
                        "--data-dir=" + machine.folder("etcd"),
                        "--listen-client-urls=" + server,
                        "--advertise-client-urls=" + server,
                        "--listen-peer-urls=" + peer,
                        "--initial-advertise-peer-urls=" + peer,
                        "--initial-cluster=default=" + peer,
                        "--cert-file=" + pki.resolve("server.crt"),
                        "--key-file=" + pki.resolve("server.key"),
                        "--trusted-ca-file=" + pki.resolve("ca.crt"),
                        "--client-cert-auth",
                        "--logger=zap",
                        "--log-level=error");
        this.process = start();
    }

    private Measured start() throws IOException, InterruptedException {
        return Measured.start(command, Map.of(), this::answers, READY);
    }

    private boolean answers() {
        try (HttpConnection connection = dial()) {
            return list(connection).get().body().length > 0;
        } catch (Exception notYet) {
            return false;
        }
    }

    /** Ends it and starts it again over the same data. */
    void restart() throws IOException, InterruptedException {
        process.close();
        process = start();
    }

    double startMillis() {
        return process.readyMillis();
    }

    @Override
    public String name() {
        return "etcd";
    }

    @Override
    public long pid() {
        return process.pid();
    }

    @Override
    public HttpConnection dial() throws IOException {
        return StoreSide.connected(
                HttpConnection.connect(server, tls, ConnectorSide.limits(), loops));
    }

    @Override
    public CompletableFuture<Void> create(HttpConnection connection, String name, byte[] stored) {
        return put(connection, name, stored);
    }

    @Override
    public CompletableFuture<Void> apply(HttpConnection connection, String name, byte[] stored) {
        return put(connection, name, stored);
    }

    @Override
    public CompletableFuture<Void> replace(HttpConnection connection, String name, byte[] stored) {
        return put(connection, name, stored);
    }

    private CompletableFuture<Void> put(HttpConnection connection, String name, byte[] stored) {
        return call(connection, "KV/Put", new Protobuf().bytes(1, key(name)).bytes(2, stored))
                .thenAccept(response -> {});
    }

    private static byte[] key(String name) {
        return (new String(PREFIX, StandardCharsets.UTF_8) + name).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public CompletableFuture<Integer> list(HttpConnection connection, int count) {
        return list(connection)
                .thenApply(
                        response -> {
                            byte[] body = response.body();
                            int got = Protobuf.count(body, GRPC_PREFIX, body.length, KEY_VALUES);
                            if (got != count) {
                                throw new IllegalStateException(got + " pods, not " + count);
                            }
                            return body.length;
                        });
    }

    private CompletableFuture<HttpResponse> list(HttpConnection connection) {
        return call(connection, "KV/Range", new Protobuf().bytes(1, PREFIX).bytes(2, END));
    }

    private static CompletableFuture<HttpResponse> call(
            HttpConnection connection, String method, Protobuf request) {
        return connection
                .send("POST", "/etcdserverpb." + method, GRPC, request.framed(), TIMEOUT)
                .thenApply(
                        response -> {
                            StoreSide.good(response);
                            // A failure has no message, but a status in its trailers or headers.
                            if (response.body().length < GRPC_PREFIX) {
                                throw new IllegalStateException(method + ": " + response.headers());
                            }
                            return response;
                        });
    }

    @Override
    public StreamHandle watch(HttpConnection connection, Runnable begun, IntConsumer events) {
        return watch(connection, new Protobuf().bytes(1, PREFIX).bytes(2, END), begun, events);
    }

    /** Watches one key. */
    StreamHandle watchOne(HttpConnection connection, String name, Runnable begun) {
        return watch(connection, new Protobuf().bytes(1, key(name)), begun, events -> {});
    }

    private static StreamHandle watch(
            HttpConnection connection, Protobuf create, Runnable begun, IntConsumer events) {
        return connection.stream(
                "POST",
                "/etcdserverpb.Watch/Watch",
                GRPC,
                new Protobuf().bytes(1, create.message()).framed(),
                new Responses(begun, events));
    }

    /** Puts the messages of a watch together again and counts their events. */
    private static final class Responses extends Following {
        private final Runnable begun;
        private final IntConsumer events;
        private byte[] rest = new byte[0];
        private boolean created;

        Responses(Runnable begun, IntConsumer events) {
            this.begun = begun;
            this.events = events;
        }

        @Override
        public boolean onData(byte[] chunk) {
            byte[] text = chunk;
            if (rest.length > 0) {
                text = new byte[rest.length + chunk.length];
                System.arraycopy(rest, 0, text, 0, rest.length);
                System.arraycopy(chunk, 0, text, rest.length, chunk.length);
            }
            int at = 0;
            while (text.length - at >= GRPC_PREFIX) {
                int length = java.nio.ByteBuffer.wrap(text, at + 1, Integer.BYTES).getInt();
                if (text.length - at - GRPC_PREFIX < length) {
                    break;
                }
                int from = at + GRPC_PREFIX;
                at = from + length;
                if (created) {
                    events.accept(Protobuf.count(text, from, at, EVENTS));
                } else {
                    created = true;
                    begun.run();
                }
            }
            rest = java.util.Arrays.copyOfRange(text, at, text.length);
            return true;
        }
    }

    @Override
    public void close() throws InterruptedException {
        process.close();
    }
}
