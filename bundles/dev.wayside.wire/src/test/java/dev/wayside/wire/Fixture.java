// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** An authority, identities of it, and what a test opens, closed in reverse. */
final class Fixture implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(20);

    final TestAuthority authority;
    final TlsIdentity server;
    final TlsIdentity gateway;
    final EventLoops loops = new EventLoops("wayside-test-net", 1);
    private final Deque<AutoCloseable> open = new ArrayDeque<>();

    Fixture(Path folder) throws Exception {
        authority = new TestAuthority(folder, "wayside");
        server = authority.server();
        gateway = authority.client("system:node:a", "system:nodes");
        open.push(loops);
    }

    <T extends AutoCloseable> T keep(T closeable) {
        open.push(closeable);
        return closeable;
    }

    HttpServer listen(ServerLimits limits, HttpHandler handler) throws Exception {
        return listen(server, limits, handler);
    }

    HttpServer listen(TlsIdentity identity, ServerLimits limits, HttpHandler handler)
            throws Exception {
        return keep(
                HttpServer.start(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        new ServerTls(() -> identity, Instant::now),
                        limits,
                        Refusal::plainText,
                        loops,
                        handler));
    }

    HttpConnection connect(HttpServer server) throws Exception {
        return connect(server.address().getPort(), ClientLimits.defaults());
    }

    HttpConnection connect(int port, ClientLimits limits) throws Exception {
        return connect(port, ClientTls.mutual(gateway, Instant::now), limits);
    }

    HttpConnection connect(int port, ClientTls tls, ClientLimits limits) throws Exception {
        return keep(
                HttpConnection.connect(uri(port), tls, limits, loops)
                        .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS));
    }

    static URI uri(int port) {
        return URI.create("https://localhost:" + port);
    }

    static HttpResponse send(HttpConnection connection, String method, String target, byte[] body)
            throws Exception {
        return connection
                .send(method, target, Map.of(), body, PATIENCE)
                .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    }

    static HttpResponse text(int status, String body) {
        return new HttpResponse(status, Map.of("content-type", "text/plain"), body.getBytes(UTF_8));
    }

    /** The certificate and key in files, for programs that are not Java. */
    static void write(Path folder, String name, TlsIdentity identity) throws Exception {
        Files.writeString(folder.resolve(name + ".pem"), Pem.certificates(identity.chain()));
        Files.writeString(folder.resolve(name + ".key"), Pem.privateKey(identity.key()));
    }

    /** Waits for a condition, not for a time. */
    static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not in " + PATIENCE + ": " + what);
            }
            LockSupport.parkNanos(2_000_000);
        }
    }

    @Override
    public void close() throws Exception {
        while (!open.isEmpty()) {
            open.pop().close();
        }
    }
}
