// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import dev.wayside.model.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;

/**
 * From the command to the running container, by the engine's own clock: {@code docker run -d}, and
 * {@code kubectl apply} of a Pod of the same image and command, each from the start of the command,
 * in turn, 50 times. The same Pod made by a request over an open connection shows what of it is
 * kubectl's own.
 */
final class ApplyBenchmark implements Benchmarks.Benchmark {
    private static final int ROUNDS = 50;
    private static final int WARM_UP = 5;
    private static final Duration WITHIN = Duration.ofMinutes(1);
    private static final Aim MEDIAN =
            new Aim("apply to running, p50 over docker run's p50", 2, " times");
    private static final Aim WORST =
            new Aim("apply to running, p99 over docker run's p99", 4, " times");

    private final Figures run = new Figures();
    private final Figures applied = new Figures();
    private final Figures requested = new Figures();
    private final Figures infra = new Figures();
    private final Figures reported = new Figures();

    @Override
    public void run(Machine machine) throws Exception {
        try (Installation installation = Installation.up(machine, 1);
                ContainerStarts starts = new ContainerStarts(installation.engine().socket())) {
            Api api = installation.api();
            Path manifests = machine.folder("manifests");
            try (PodWatch watch = new PodWatch(api)) {
                for (int round = -WARM_UP; round < ROUNDS; round++) {
                    boolean counts = round >= 0;
                    docker(installation, starts, "run-" + round, counts);
                    apply(installation, starts, watch, manifests, "apply-" + round, counts);
                    request(api, starts, watch, "request-" + round, counts);
                    for (String pod : List.of("apply-" + round, "request-" + round)) {
                        api.delete(Api.PODS + "/" + pod);
                        watch.awaitGone(pod, WITHIN);
                    }
                }
            }
        }
        print();
    }

    private void docker(Installation installation, ContainerStarts starts, String name, boolean add)
            throws Exception {
        long begun = now();
        installation
                .engine()
                .docker("run", "-d", "--name", name, Installation.IMAGE, "sleep", "86400");
        add(run, add, begun, starts.await(name, WITHIN));
        installation.engine().docker("rm", "-f", name);
    }

    private void apply(
            Installation installation,
            ContainerStarts starts,
            PodWatch watch,
            Path folder,
            String name,
            boolean add)
            throws Exception {
        Path manifest =
                Files.writeString(
                        folder.resolve(name + ".json"),
                        Installation.pod(name, "gw-1", false).toJson());
        long begun = now();
        Machine.run(
                WITHIN,
                Map.of(),
                List.of(
                        Machine.kubectl(),
                        "--kubeconfig=" + installation.kubeconfig(),
                        "--cache-dir=" + folder.resolve("cache"),
                        "apply",
                        "-f",
                        manifest.toString()));
        add(applied, add, begun, starts.await(name + "/main", WITHIN));
        awaitRunning(watch, name);
    }

    private void request(Api api, ContainerStarts starts, PodWatch watch, String name, boolean add)
            throws Exception {
        JsonObject pod = Installation.pod(name, "gw-1", false);
        long begun = now();
        api.create(Api.PODS, pod);
        awaitRunning(watch, name);
        add(reported, add, begun, now());
        add(infra, add, begun, starts.await(name + "/POD", WITHIN));
        add(requested, add, begun, starts.await(name + "/main", WITHIN));
    }

    private static void awaitRunning(PodWatch watch, String name) throws InterruptedException {
        var unused = watch.await(name, WITHIN, pod -> pod.status().text("phase").equals("Running"));
    }

    private static long now() {
        return ChronoUnit.NANOS.between(Instant.EPOCH, Instant.now());
    }

    private static void add(Figures figures, boolean add, long begun, long ended) {
        if (add) {
            figures.add((ended - begun) / 1e6);
        }
    }

    private void print() {
        System.out.printf(
                "start of the command to the container's start by the engine's clock, ms, n=%d,"
                        + " in turn%n",
                run.count());
        print("docker run -d", run);
        print("kubectl apply", applied);
        print("request over an open connection", requested);
        print("  of that: pod's infra container", infra);
        print("  and then: Running at connector", reported);
        System.out.println(
                MEDIAN.verdict(applied.percentile(50) / run.percentile(50))
                        + "\n"
                        + WORST.verdict(applied.percentile(99) / run.percentile(99)));
    }

    private void print(String name, Figures figures) {
        System.out.printf(
                "  %-33s p50 %7.1f  p99 %7.1f   docker run's: %s at p50, %s at p99%n",
                name,
                figures.percentile(50),
                figures.percentile(99),
                figures.ratioTo(run, 50),
                figures.ratioTo(run, 99));
    }
}
