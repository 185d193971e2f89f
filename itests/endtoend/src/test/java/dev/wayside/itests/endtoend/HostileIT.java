// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.wayside.connector.AdminClient;
import dev.wayside.connector.pki.Kubeconfig;
import dev.wayside.testing.Eventually;
import dev.wayside.wire.ClientLimits;
import dev.wayside.wire.ClientTls;
import dev.wayside.wire.EventLoops;
import dev.wayside.wire.HttpConnection;
import dev.wayside.wire.TlsIdentity;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * What strangers and bad users do to a connector with the heap that it is shipped with. After each
 * attack all it took is given back: connections, threads, heap.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HostileIT {
    private static final long GIB = 1L << 30;
    private static final long MIB = 1L << 20;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String MAPS = "/api/v1/namespaces/default/configmaps";
    private static final Pattern USED = Pattern.compile("used (\\d+)K");

    private Installation wayside;
    private SSLContext admin;
    private TlsIdentity identity;
    private EventLoops loops;
    private HttpConnection healthy;
    private final List<HostileClient> slow = new ArrayList<>();
    private long pid;
    private int port;
    private long usedBefore;
    private long threadsBefore;
    private long socketsBefore;

    @BeforeAll
    void up() throws Exception {
        wayside = Installation.withProcesses();
        wayside.up(1, 1);
        attack(wayside.data().resolve("kubeconfig"), wayside.connectorPid(), wayside.port());
        dripSlowly();
    }

    private void attack(Path kubeconfig, long process, int listening) throws Exception {
        identity = Kubeconfig.read(kubeconfig).identity();
        admin = AdminClient.context(identity);
        loops = new EventLoops("wayside-test-net", 1);
        pid = process;
        port = listening;
        healthy = connect();
        othersAreServed();
        usedBefore = used();
        threadsBefore = threads();
        socketsBefore = sockets();
    }

    /** It takes their 30 s, so it goes on beside all else. */
    private void dripSlowly() throws Exception {
        HostileClient header = new HostileClient(admin, port, "http/1.1");
        HostileClient body = new HostileClient(admin, port, "http/1.1");
        header.write("GET /version HTTP/1.1\r\nHo");
        body.write("POST " + MAPS + " HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12");
        slow.add(header);
        slow.add(body);
    }

    @AfterAll
    void down() throws Exception {
        for (HostileClient one : slow) {
            assertThat(one.statusLine()).as("who sends slowly").startsWith("HTTP/1.1 408");
            one.close();
        }
        if (healthy != null) {
            healthy.close();
        }
        if (loops != null) {
            loops.close();
        }
        if (wayside != null) {
            wayside.close();
        }
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        othersAreServed();
        see("few connections", this::sockets, count -> count <= socketsBefore + 5);
        see("few threads", this::threads, count -> count <= threadsBefore + 20);
        see("little heap", this::used, bytes -> bytes <= usedBefore + 60 * MIB);
    }

    private void see(String what, Callable<Long> look, Predicate<Long> good) throws Exception {
        Eventually.see(what, PATIENCE, look, good);
    }

    private void othersAreServed() throws Exception {
        assertThat(send("GET", "/api/v1/nodes", "", new byte[0])).isEqualTo(200);
    }

    private HttpConnection connect() throws Exception {
        return HttpConnection.connect(
                        URI.create("https://localhost:" + port),
                        ClientTls.mutual(identity, Instant::now),
                        ClientLimits.defaults(),
                        loops)
                .get();
    }

    private int send(String method, String path, String type, byte[] body) throws Exception {
        return send(healthy, method, path, type, body);
    }

    private static int send(
            HttpConnection connection, String method, String path, String type, byte[] body)
            throws Exception {
        Map<String, String> headers = type.isEmpty() ? Map.of() : Map.of("content-type", type);
        return connection.send(method, path, headers, body, PATIENCE).get().status();
    }

    @Test
    void bodiesOfOneGibibyteAreRefused() throws Exception {
        byte[] piece = new byte[64 * 1024];
        String post = "POST " + MAPS + " HTTP/1.1\r\nHost: x\r\n";
        try (HostileClient client = new HostileClient(admin, port, "http/1.1")) {
            client.write(post + "Content-Length: " + GIB + "\r\n\r\n");
            CompletableFuture<String> answer = CompletableFuture.supplyAsync(client::statusLine);
            assertThat(client.pour(piece, GIB)).isLessThan(GIB);
            assertThat(answer.get()).startsWith("HTTP/1.1 413");
        }
        try (HostileClient client = new HostileClient(admin, port, "http/1.1")) {
            client.write(post + "Transfer-Encoding: chunked\r\n\r\n");
            CompletableFuture<String> answer = CompletableFuture.supplyAsync(client::statusLine);
            byte[] chunk =
                    HostileClient.join("10000\r\n".getBytes(UTF_8), piece, "\r\n".getBytes(UTF_8));
            assertThat(client.pour(chunk, GIB)).isLessThan(GIB);
            assertThat(answer.get()).startsWith("HTTP/1.1 413");
        }
        try (HostileClient client = new HostileClient(admin, port, "h2")) {
            client.write(HostileClient.preface(65_535));
            client.write(HostileClient.request(1, false, MAPS));
            CompletableFuture<byte[]> answer =
                    CompletableFuture.supplyAsync(() -> client.frame(1, 1));
            client.pour(HostileClient.frame(0, 0, 1, new byte[16 * 1024]), GIB);
            // Whoever heeds no window is a broken peer: that ends the connection.
            answer.get();
        }
    }

    @Test
    void headersWithoutEndAreRefused() throws Exception {
        try (HostileClient client = new HostileClient(admin, port, "http/1.1")) {
            client.write("GET /version HTTP/1.1\r\nHost: x\r\n");
            CompletableFuture<String> answer = CompletableFuture.supplyAsync(client::statusLine);
            assertThat(client.pour("x-more: 0123456789\r\n".repeat(1_000).getBytes(UTF_8), GIB))
                    .isLessThan(GIB);
            assertThat(answer.get()).startsWith("HTTP/1.1 431");
        }
        try (HostileClient client = new HostileClient(admin, port, "http/1.1")) {
            client.write("GET /" + "a".repeat((int) MIB) + " HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(client.statusLine()).startsWith("HTTP/1.1 414");
        }
    }

    @Test
    void tenThousandHalfOpenConnectionsKeepNobodyOut() throws Exception {
        UnixOperatingSystemMXBean system =
                (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        // As many as this process may open, if that is less.
        long many = Math.min(10_000, system.getMaxFileDescriptorCount() - 1_000);
        List<AutoCloseable> held = new ArrayList<>();
        try {
            for (int i = 0; i < many; i++) {
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
                held.add(socket);
                if (i % 2 == 0) {
                    // The beginning of a ClientHello.
                    socket.getOutputStream()
                            .write(new byte[] {22, 3, 1, 2, 0, 1, 0, 1, (byte) 0xfc});
                }
                if (i % 2_000 == 0) {
                    othersAreServed();
                }
            }
            for (int i = 0; i < 50; i++) {
                held.add(new HostileClient(admin, port, i % 2 == 0 ? "h2" : "http/1.1"));
            }
            othersAreServed();
            assertThat(sockets()).isLessThan(9_000);
            try (HttpConnection newcomer = connect()) {
                assertThat(send(newcomer, "GET", "/version", "", new byte[0])).isEqualTo(200);
            }
        } finally {
            for (AutoCloseable one : held) {
                one.close();
            }
        }
    }

    @Test
    void answersThatNobodyReadsAreBounded() throws Exception {
        String value = "x".repeat(300_000);
        for (int i = 0; i < 10; i++) {
            String map =
                    "{\"metadata\":{\"name\":\"large-"
                            + i
                            + "\"},\"data\":{\"a\":\""
                            + value
                            + "\"}}";
            assertThat(send("POST", MAPS, "application/json", map.getBytes(UTF_8))).isEqualTo(201);
        }
        List<HostileClient> held = new ArrayList<>();
        try {
            // 200 lists of 3 MB, and as many watches: 1.2 GB, if they were held.
            for (int i = 0; i < 4; i++) {
                HostileClient client = new HostileClient(admin, port, "h2");
                held.add(client);
                client.write(HostileClient.preface(0));
                for (int stream = 1; stream < 100; stream++) {
                    String path = i % 2 == 0 ? MAPS : MAPS + "?watch=1";
                    client.write(HostileClient.request(2 * stream - 1, true, path));
                }
            }
            Eventually.see(
                    "an answer to somebody else",
                    PATIENCE,
                    () -> send("GET", "/api/v1/namespaces/default", "", new byte[0]),
                    status -> status == 200);
            assertThat(used()).isLessThan(450 * MIB);
        } finally {
            for (HostileClient one : held) {
                one.close();
            }
        }
        Eventually.see(
                "room for a further request of this user",
                PATIENCE,
                () -> send("DELETE", MAPS, "", new byte[0]),
                status -> status == 200);
    }

    @Test
    void bodiesThatAreBombsAreRefused() throws Exception {
        Map<String, String> bombs = new LinkedHashMap<>();
        bombs.put("[".repeat(100_000), "application/json");
        bombs.put("{\"a\":".repeat(100_000), "application/json");
        bombs.put("[" + "{\"a\":1},".repeat(390_000) + "0]", "application/json");
        bombs.put("{\"a\":" + "9".repeat(3_000_000) + "}", "application/json");
        bombs.put("a: " + "9".repeat(3_000_000), "application/yaml");
        bombs.put("[".repeat(3_000_000), "application/yaml");
        bombs.put(
                "a: &a " + "x".repeat(1_000_000) + "\nb: [" + "*a, ".repeat(500_000) + "1]",
                "application/yaml");
        bombs.put("k8s\0" + "\n".repeat(3_000_000), "application/vnd.kubernetes.protobuf");
        List<CompletableFuture<Integer>> answers = new ArrayList<>();
        for (int round = 0; round < 2; round++) {
            bombs.forEach(
                    (body, type) ->
                            answers.add(
                                    CompletableFuture.supplyAsync(
                                            () -> status("POST", MAPS, type, body))));
        }
        othersAreServed();
        for (CompletableFuture<Integer> answer : answers) {
            assertThat(answer.get()).isIn(400, 413, 415, 429, 503);
        }
        String copies =
                "[{\"op\":\"add\",\"path\":\"/data\",\"value\":{\"a\":\"x\"}}"
                        + ",{\"op\":\"copy\",\"from\":\"/data\",\"path\":\"/data/b\"}".repeat(5_000)
                        + "]";
        assertThat(status("POST", MAPS, "application/json", "{\"metadata\":{\"name\":\"bomb\"}}"))
                .isEqualTo(201);
        assertThat(status("PATCH", MAPS + "/bomb", "application/json-patch+json", copies))
                .isEqualTo(422);
        String grown = "{\"data\":{\"a\":\"" + "x".repeat(2_000_000) + "\"}}";
        assertThat(status("PATCH", MAPS + "/bomb", "application/merge-patch+json", grown))
                .isIn(413, 422);
        assertThat(status("DELETE", MAPS + "/bomb", "", "")).isEqualTo(200);
    }

    private int status(String method, String path, String type, String body) {
        try {
            return send(method, path, type, body.getBytes(UTF_8));
        } catch (Exception e) {
            throw new IllegalStateException(method + " " + path + " as " + type, e);
        }
    }

    // What the process has, as the system and its JVM see it:

    private long used() throws Exception {
        Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
        run(jcmd.toString(), Long.toString(pid), "GC.run");
        Matcher used = USED.matcher(run(jcmd.toString(), Long.toString(pid), "GC.heap_info"));
        assertThat(used.find()).isTrue();
        return Long.parseLong(used.group(1)) * 1024;
    }

    private static String run(String... words) throws IOException, InterruptedException {
        return Command.run(PATIENCE, Map.of(), Arrays.asList(words)).ok();
    }

    private long threads() throws IOException {
        return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
                .filter(line -> line.startsWith("Threads:"))
                .mapToLong(line -> Long.parseLong(line.substring(8).strip()))
                .findFirst()
                .orElseThrow();
    }

    private long sockets() throws IOException {
        long count = 0;
        try (Stream<Path> all = Files.list(Path.of("/proc/" + pid + "/fd"))) {
            for (Path one : all.toList()) {
                count += isSocket(one) ? 1 : 0;
            }
        }
        return count;
    }

    private static boolean isSocket(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().startsWith("socket:");
        } catch (IOException e) {
            return false; // It was closed meanwhile.
        }
    }
}
