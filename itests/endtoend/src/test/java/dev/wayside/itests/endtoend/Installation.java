// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import dev.wayside.model.Json;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.testing.DockerEngine;
import dev.wayside.testing.Eventually;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.assertj.core.api.Assertions;

/**
 * A connector and gateways in a folder of their own, started as a user would, by {@code ./wayside
 * up}. Closing it ends the workloads, the gateways and the connector.
 */
final class Installation implements AutoCloseable {
    static final Path ROOT = Path.of("../..").toAbsolutePath().normalize();
    private static final Duration UP = Duration.ofMinutes(3);

    private final Path data;
    private final String driver;
    private final int port;
    private final Map<String, String> environment = new HashMap<>();
    private List<String> place = List.of();

    private Installation(Path data, String driver, int port) {
        this.data = data;
        this.driver = driver;
        this.port = port;
        environment.put("WAYSIDE_DATA", data.toString());
    }

    /** With host processes. */
    static Installation withProcesses() throws IOException {
        return new Installation(Files.createTempDirectory("wayside-e2e-"), "process", freePort());
    }

    /** With a Docker Engine at the socket. */
    static Installation withDocker(Path socket) throws IOException {
        Installation installation =
                new Installation(Files.createTempDirectory("wayside-e2e-"), "docker", freePort());
        installation.environment.put("DOCKER_HOST", "unix://" + socket);
        return installation;
    }

    /** With a Docker engine, in its network: programs and containers reach each other there. */
    static Installation beside(DockerEngine engine) throws IOException {
        Installation installation = withDocker(engine.socket());
        installation.place = List.of("nsenter", "--net=/proc/" + engine.pid() + "/ns/net", "--");
        return installation;
    }

    /** What runs a program where this installation is. */
    List<String> inPlace(List<String> words) {
        List<String> all = new ArrayList<>(place);
        all.addAll(words);
        return all;
    }

    Path data() {
        return data;
    }

    int port() {
        return port;
    }

    /** {@code ./wayside up} with so many gateways and sites. */
    String up(int gateways, int sites) throws IOException, InterruptedException {
        // The build that runs this test has just built all.
        Path stamp = ROOT.resolve("gateway-distro/target/built");
        if (!Files.exists(stamp)) {
            Files.createFile(stamp);
        }
        Files.setLastModifiedTime(stamp, FileTime.from(Instant.now()));
        return wayside(
                        "up",
                        "--gateways",
                        Integer.toString(gateways),
                        "--sites",
                        Integer.toString(sites),
                        "--driver",
                        driver,
                        "--listen",
                        "127.0.0.1:" + port)
                .ok();
    }

    Command.Result wayside(String... words) throws IOException, InterruptedException {
        List<String> all = new ArrayList<>();
        all.add(ROOT.resolve("wayside").toString());
        all.addAll(List.of(words));
        return Command.run(UP, environment, inPlace(all));
    }

    /** Where the pinned kubectl is. */
    static String kubectl() {
        String bin = System.getenv("WAYSIDE_KUBECTL");
        return bin != null ? bin : ROOT.resolve(".wayside/tools/kubectl").toString();
    }

    /** The pinned kubectl, as the admin. */
    Command.Result kubectl(String... words) throws IOException, InterruptedException {
        return kubectlWith(Map.of(), words);
    }

    /** The pinned kubectl, as the admin, with more in its environment. */
    Command.Result kubectlWith(Map<String, String> more, String... words)
            throws IOException, InterruptedException {
        Map<String, String> environment = new HashMap<>(this.environment);
        environment.putAll(more);
        List<String> all = new ArrayList<>();
        all.add(kubectl());
        all.add("--kubeconfig=" + data.resolve("kubeconfig"));
        all.add("--cache-dir=" + data.resolve("kubectl-cache"));
        all.addAll(List.of(words));
        return Command.run(Duration.ofMinutes(2), environment, inPlace(all));
    }

    /** kubectl with the key and certificate of a gateway. */
    Command.Result kubectlAs(String gateway, String... words)
            throws IOException, InterruptedException {
        List<String> all = new ArrayList<>();
        all.add("--server=https://127.0.0.1:" + port);
        all.add("--client-key=" + gateway(gateway).resolve("identity/key.pem"));
        all.add("--client-certificate=" + gateway(gateway).resolve("identity/certificate.pem"));
        all.add("--certificate-authority=" + gateway(gateway).resolve("identity/authority.pem"));
        all.addAll(List.of(words));
        List<String> complete = new ArrayList<>();
        complete.add(kubectl());
        complete.add("--kubeconfig=/dev/null");
        complete.add("--cache-dir=" + data.resolve("kubectl-cache-" + gateway));
        complete.addAll(all);
        return Command.run(Duration.ofMinutes(2), Map.of(), complete);
    }

    Path gateway(String name) {
        return data.resolve("gateways").resolve(name);
    }

    /** The objects that {@code kubectl get WORDS} finds. */
    List<KubeObject> get(String... words) throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(List.of("get"));
        all.addAll(List.of(words));
        all.addAll(List.of("-o", "json"));
        try {
            JsonObject answer = (JsonObject) Json.parse(kubectl(all.toArray(String[]::new)).ok());
            return answer.has("items")
                    ? answer.array("items").objects().stream().map(KubeObject::new).toList()
                    : List.of(new KubeObject(answer));
        } catch (JsonException e) {
            return Assertions.fail("kubectl get printed no JSON: " + e.getMessage());
        }
    }

    void apply(String manifest) throws IOException, InterruptedException {
        Path file = Files.createTempFile(data, "manifest-", ".yaml");
        Files.writeString(file, manifest);
        kubectl("apply", "-f", file.toString()).ok();
    }

    /** Waits until all pods of the label are Running and Ready, and as many as that. */
    List<KubeObject> awaitRunning(String label, int count) throws Exception {
        return Eventually.see(
                count + " ready pods with " + label,
                Duration.ofSeconds(90),
                () -> get("pods", "-l", label),
                pods ->
                        pods.size() == count
                                && pods.stream()
                                        .allMatch(
                                                pod ->
                                                        pod.status().text("phase").equals("Running")
                                                                && pod.conditionIsTrue("Ready")
                                                                && pod.deleted().isEmpty()));
    }

    /** The pid of the connector, as {@code up} recorded it. */
    long connectorPid() throws IOException {
        return pid(data.resolve("connector/connector.pid"));
    }

    /** The pid of a gateway's JVM. */
    long gatewayPid(String name) throws IOException {
        return pid(gateway(name).resolve("run/jvm.pid"));
    }

    /** The pid of the shell that watches over a gateway's JVM. */
    long supervisorPid(String name) throws IOException {
        return pid(gateway(name).resolve("run/gateway.pid"));
    }

    private static long pid(Path file) throws IOException {
        return Long.parseLong(Files.readString(file).strip());
    }

    /** As a power cut ends a process: SIGKILL, and waits until it is gone. */
    static void kill(long pid) throws Exception {
        Optional<ProcessHandle> process = ProcessHandle.of(pid);
        if (process.isPresent()) {
            process.get().destroyForcibly();
            Eventually.see(
                    "end of process " + pid,
                    Duration.ofSeconds(20),
                    process.get()::isAlive,
                    alive -> !alive);
        }
    }

    /** Ends a gateway and its supervisor at once, workloads left as they are. */
    void cutGateway(String name) throws Exception {
        kill(supervisorPid(name));
        kill(gatewayPid(name));
    }

    void cutConnector() throws Exception {
        kill(connectorPid());
    }

    /**
     * Starts one gateway that has joined before, as its init system would, and waits until it is
     * healthy.
     */
    String startGateway(String name) throws Exception {
        Path home = gateway(name);
        Files.deleteIfExists(home.resolve("run/healthy"));
        new ProcessBuilder(
                        "setsid",
                        ROOT.resolve("gateway-distro/target/gateway/bin/gateway").toString(),
                        "run",
                        "--data",
                        home.toString())
                .redirectErrorStream(true)
                .redirectOutput(
                        ProcessBuilder.Redirect.appendTo(home.resolve("log/console.log").toFile()))
                .start();
        Eventually.see(
                "gateway " + name + " healthy",
                Duration.ofMinutes(1),
                () -> home.resolve("run/healthy"),
                Files::exists);
        return gatewayCommand("status", name).ok();
    }

    /** The device's own command, {@code gateway COMMAND}. */
    Command.Result gatewayCommand(String command, String name)
            throws IOException, InterruptedException {
        return Command.run(
                Duration.ofMinutes(1),
                Map.of(),
                List.of(
                        ROOT.resolve("gateway-distro/target/gateway/bin/gateway").toString(),
                        command,
                        "--data",
                        gateway(name).toString()));
    }

    @Override
    public void close() throws IOException, InterruptedException {
        Command.Result down = wayside("down", "--purge");
        Assertions.assertThat(down.status()).as(down.output()).isZero();
        try (Stream<Path> files = Files.walk(data)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
