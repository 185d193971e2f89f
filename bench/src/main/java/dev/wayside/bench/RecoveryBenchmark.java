// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * SIGKILL of a gateway's JVM that runs a pod: to every component active again (its supervisor
 * starts it again after a pause of 1 s), and to the agent's first work done: the container runs of
 * a pod that was made right after the kill. Beside it starts of the same gateway after an orderly
 * stop, and of a bare JVM.
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
        try (Installation installation = Installation.up(machine, 1);
                ContainerStarts starts = new ContainerStarts(installation.engine().socket())) {
            Api api = installation.api();
            try (PodWatch watch = new PodWatch(api)) {
                api.create(Api.PODS, Installation.pod("steady", "gw-1", false));
                String container = containerOf(watch);
                installation.stopGateway("gw-1");
                for (int round = 0; round < ROUNDS; round++) {
                    try (Measured measured =
                            Baselines.bareJvm(
                                    machine, machine.folder("ready").resolve("ready"), WITHIN)) {
                        bare.add(measured.readyMillis());
                    }
                    try (Measured measured = installation.startGateway("gw-1", WITHIN)) {
                        start.add(measured.readyMillis());
                        // So that the kill meets it at work, and not at its start.
                        work(api, watch, starts, "before-" + round);
                        kill(installation, measured.jvm(), api, starts, "after-" + round);
                        api.delete(Api.PODS + "/after-" + round);
                        watch.awaitGone("after-" + round, WITHIN);
                    }
                }
                if (!containerOf(watch).equals(container)) {
                    throw new IllegalStateException("the steady pod's container was replaced");
                }
            }
        }
        print();
    }

    private static void work(Api api, PodWatch watch, ContainerStarts starts, String pod)
            throws IOException, InterruptedException {
        api.create(Api.PODS, Installation.pod(pod, "gw-1", false));
        var unused = starts.await(pod + "/main", WITHIN);
        api.delete(Api.PODS + "/" + pod);
        watch.awaitGone(pod, WITHIN);
    }

    private void kill(
            Installation installation, long jvm, Api api, ContainerStarts starts, String pod)
            throws IOException, InterruptedException {
        long killed = System.nanoTime();
        ProcessHandle.of(jvm).orElseThrow().destroyForcibly();
        api.create(Api.PODS, Installation.pod(pod, "gw-1", false));
        Optional<Long> healthy = installation.healthy("gw-1");
        while (healthy.isEmpty() || healthy.get() == jvm) {
            if (System.nanoTime() - killed > WITHIN.toNanos()) {
                throw new IllegalStateException("the gateway was not healthy again in " + WITHIN);
            }
            Thread.sleep(2); // the resolution of the figure
            healthy = installation.healthy("gw-1");
        }
        active.add((System.nanoTime() - killed) / 1e6);
        var unused = starts.await(pod + "/main", WITHIN);
        agent.add((System.nanoTime() - killed) / 1e6);
    }

    private static String containerOf(PodWatch watch) throws InterruptedException {
        return watch.await("steady", WITHIN, pod -> pod.status().text("phase").equals("Running"))
                .status()
                .array("containerStatuses")
                .objects()
                .get(0)
                .text("containerID");
    }

    private void print() {
        System.out.println(
                "ms: median (least–most, n); the pod's container ran on through all of it");
        for (Line line :
                List.of(
                        new Line("bare JVM, start", bare),
                        new Line("gateway, start after an orderly stop", start),
                        new Line("kill -9 to all components active (1 s of it a pause)", active),
                        new Line("kill -9 to the container of a pod made meanwhile", agent))) {
            System.out.printf(
                    "  %-54s %-30s %s of an orderly start%n",
                    line.name(), line.figures(), line.figures().ratioTo(start));
        }
    }

    private record Line(String name, Figures figures) {}
}
