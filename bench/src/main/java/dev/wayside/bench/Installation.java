// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import dev.wayside.model.JsonObject;
import dev.wayside.testing.DockerEngine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A connector, gateways joined to it, and a Docker engine of their own, started as a user would, by
 * {@code ./wayside up}. Closing it ends all.
 */
final class Installation implements AutoCloseable {
    static final String IMAGE = "busybox:1.36";

    /** Somebody else's condition, which the pod's readiness depends on. */
    static final String GATE = "wayside.dev/bench";

    private static final Duration UP = Duration.ofMinutes(3);

    private final Machine machine;
    private final DockerEngine engine;
    private final Path data;
    private final Map<String, String> environment = new HashMap<>();

    private Installation(Machine machine, DockerEngine engine) throws IOException {
        this.machine = machine;
        this.engine = engine;
        this.data = machine.folder("installation");
        environment.put("JAVA_HOME", System.getProperty("java.home"));
        environment.put("WAYSIDE_DATA", data.toString());
        environment.put("DOCKER_HOST", "unix://" + engine.socket());
    }

    /** Starts so many gateways, {@code gw-1} and on, of one site. */
    static Installation up(Machine machine, int gateways) throws Exception {
        DockerEngine engine = DockerEngine.start();
        Installation installation = new Installation(machine, engine);
        try {
            engine.importBusybox(IMAGE);
            installation.wayside(
                    "up",
                    "--gateways",
                    Integer.toString(gateways),
                    "--sites",
                    "1",
                    "--driver",
                    "docker",
                    "--listen",
                    "127.0.0.1:" + Machine.freePort());
        } catch (Exception | Error e) {
            try {
                installation.close();
            } catch (Exception | Error later) {
                e.addSuppressed(later);
            }
            throw e;
        }
        return installation;
    }

    DockerEngine engine() {
        return engine;
    }

    Path kubeconfig() {
        return data.resolve("kubeconfig");
    }

    Api api() throws IOException {
        return new Api(kubeconfig());
    }

    private Path gateway(String name) {
        return data.resolve("gateways").resolve(name);
    }

    private String gatewayScript() {
        return machine.gatewayHome().resolve("bin/gateway").toString();
    }

    /** The pid that the gateway's {@code run/healthy} names; empty while it is not healthy. */
    Optional<Long> healthy(String name) {
        try {
            String said = Files.readString(gateway(name).resolve("run/healthy"));
            return Optional.of(Long.parseLong(said.split(" ")[0]));
        } catch (IOException e) {
            return Optional.empty(); // it is made at once and complete
        }
    }

    /** Stops a running gateway, in order. */
    void stopGateway(String name) throws IOException, InterruptedException {
        Machine.run(
                UP,
                environment,
                List.of(gatewayScript(), "stop", "--data", gateway(name).toString()));
    }

    /** Starts a gateway that does not run, as its init system would. */
    Measured startGateway(String name, Duration within) throws IOException, InterruptedException {
        return Measured.start(
                List.of(gatewayScript(), "run", "--data", gateway(name).toString()),
                environment,
                gateway(name).resolve("run/healthy"),
                within);
    }

    /** A pod of one sleeping container for this gateway. */
    static JsonObject pod(String name, String gateway, boolean gated) throws IOException {
        return Api.object(
                """
                {"apiVersion": "v1", "kind": "Pod",
                 "metadata": {"name": "%s", "namespace": "default"},
                 "spec": {
                   "terminationGracePeriodSeconds": 1,
                   "nodeSelector": {"kubernetes.io/hostname": "%s"},
                   %s
                   "containers": [{"name": "main", "image": "%s", "imagePullPolicy": "Never",
                                   "command": ["sleep", "86400"]}]}}
                """
                        .formatted(
                                name,
                                gateway,
                                gated
                                        ? "\"readinessGates\": [{\"conditionType\": \""
                                                + GATE
                                                + "\"}],"
                                        : "",
                                IMAGE));
    }

    /** Opens or closes the gate of a pod, as its controller would. */
    static void setGate(Api api, String pod, boolean open)
            throws IOException, InterruptedException {
        api.patch(
                Api.PODS + "/" + pod + "/status",
                Api.object(
                        "{\"status\": {\"conditions\": [{\"type\": \"%s\", \"status\": \"%s\"}]}}"
                                .formatted(GATE, open ? "True" : "False")));
    }

    private void wayside(String... words) throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(List.of(machine.script().toString()));
        all.addAll(List.of(words));
        Machine.run(UP, environment, all);
    }

    @Override
    public void close() throws Exception {
        try {
            wayside("down", "--purge");
        } finally {
            engine.close();
        }
    }
}
