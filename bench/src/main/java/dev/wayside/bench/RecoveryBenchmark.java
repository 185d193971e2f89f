// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import dev.wayside.model.JsonObject;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * SIGKILL of a gateway's JVM that runs a pod: to every component active again (its supervisor
 * starts it again after a pause of 1 s), and to the agent's first work done: a pod's readiness gate
 * that was turned right after the kill shows in the status at the connector. Beside it starts of
 * the same gateway after an orderly stop, and of a bare JVM.
 */
final class RecoveryBenchmark implements Benchmarks.Benchmark {
    private static final int ROUNDS = 10;
    private static final Duration WITHIN = Duration.ofMinutes(1);

    private final Figures bare = new Figures();
    private final Figures start = new Figures();
    private final Figures active = new Figures();
    private final Figures agent = new Figures();

    @Override
    public void run(Machine machine) throws Exception {
        try (Installation installation = Installation.up(machine, 1)) {
            Api api = installation.api();
            try (PodWatch watch = new PodWatch(api)) {
                api.create(Api.PODS, Installation.pod("pod", "gw-1", true));
                String container = containerId(awaitReady(watch, false));
                installation.stopGateway("gw-1");
                for (int round = 0; round < ROUNDS; round++) {
                    try (Measured measured =
                            Baselines.bareJvm(
                                    machine, machine.folder("ready").resolve("ready"), WITHIN)) {
                        bare.add(measured.readyMillis());
                    }
                    try (Measured measured = installation.startGateway("gw-1", WITHIN)) {
                        start.add(measured.readyMillis());
                        turn(installation, api, watch, true);
                        kill(installation, api, watch, measured.jvm());
                    }
                }
                turnedWith(container, watch);
            }
        }
        print();
    }

    /** So that the gateway is in the middle of its work, and not of its start. */
    private static void turn(Installation installation, Api api, PodWatch watch, boolean open)
            throws IOException, InterruptedException {
        Installation.setGate(api, "pod", open);
        var unused = awaitReady(watch, open);
        if (installation.healthy("gw-1").isEmpty()) {
            throw new IllegalStateException("the gateway is not healthy");
        }
    }

    private void kill(Installation installation, Api api, PodWatch watch, long jvm)
            throws IOException, InterruptedException {
        long killed = System.nanoTime();
        ProcessHandle.of(jvm).orElseThrow().destroyForcibly();
        Installation.setGate(api, "pod", false);
        Optional<Long> healthy = installation.healthy("gw-1");
        while (healthy.isEmpty() || healthy.get() == jvm) {
            if (System.nanoTime() - killed > WITHIN.toNanos()) {
                throw new IllegalStateException("the gateway was not healthy again in " + WITHIN);
            }
            Thread.sleep(2); // the resolution of the figure
            healthy = installation.healthy("gw-1");
        }
        active.add((System.nanoTime() - killed) / 1e6);
        var unused = awaitReady(watch, false);
        agent.add((System.nanoTime() - killed) / 1e6);
    }

    private static JsonObject awaitReady(PodWatch watch, boolean ready)
            throws InterruptedException {
        return watch.await(
                        "pod",
                        WITHIN,
                        pod ->
                                pod.status().text("phase").equals("Running")
                                        && pod.conditionIsTrue("Ready") == ready)
                .status();
    }

    private static String containerId(JsonObject status) {
        return status.array("containerStatuses").objects().get(0).text("containerID");
    }

    private static void turnedWith(String container, PodWatch watch) throws InterruptedException {
        String now = containerId(awaitReady(watch, false));
        if (!now.equals(container)) {
            throw new IllegalStateException("the pod's container was replaced");
        }
    }

    private void print() {
        System.out.println(
                "ms: median (least–most, n); the pod's container ran on through all of it");
        for (Line line :
                List.of(
                        new Line("bare JVM, start", bare),
                        new Line("gateway, start after an orderly stop", start),
                        new Line("kill -9 to all components active (1 s of it a pause)", active),
                        new Line("kill -9 to the agent's first status at the connector", agent))) {
            System.out.printf(
                    "  %-54s %-30s %s of an orderly start%n",
                    line.name(), line.figures(), line.figures().ratioTo(start));
        }
    }

    private record Line(String name, Figures figures) {}
}
