// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import dev.wayside.model.KubeObject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Five gateways with the Docker driver, each with one pod, joined to one connector over TLS with
 * open watches, beside five of each baseline, idle. Each pod has a readiness gate; a controller
 * opens and closes it, 100 times a minute. Each time the gateway hears of it by its watch, plans
 * the pod anew, writes a new status into its outbox on disk and sends it; the next turn waits until
 * the connector has that status, so that each is counted and none is merged with another. At the
 * end all are weighed.
 */
final class MemoryBenchmark implements Benchmarks.Benchmark {
    private static final int COUNT = 5;
    private static final int UPDATES_A_MINUTE = 100;
    private static final Duration WITHIN = Duration.ofMinutes(2);
    private static final Aim AIM = new Aim("VmRSS with Docker driver and one pod", 72, " MB");

    private final int minutes;

    MemoryBenchmark(int minutes) {
        this.minutes = minutes;
    }

    private record Weight(String name, Figures rss, Figures pss) {
        static Weight of(String name, List<Long> pids) throws IOException {
            Weight weight = new Weight(name, new Figures(), new Figures());
            for (long pid : pids) {
                weight.rss().add(Measured.rss(pid));
                weight.pss().add(Measured.pss(pid));
            }
            return weight;
        }
    }

    @Override
    public void run(Machine machine) throws Exception {
        List<Measured> idle = new ArrayList<>();
        List<Weight> weights = new ArrayList<>();
        Figures delays;
        try (Installation installation = Installation.up(machine, COUNT)) {
            for (int i = 0; i < COUNT; i++) {
                idle.add(Baselines.bareJvm(machine, ready(machine), WITHIN));
            }
            for (int i = 0; i < COUNT; i++) {
                idle.add(Baselines.felix(machine, ready(machine), WITHIN, List.of()));
            }
            for (int i = 0; i < COUNT; i++) {
                idle.add(KarafFolder.warm(machine, WITHIN).start(WITHIN));
            }
            delays = sendStatuses(installation);
            List<Long> idlePids = idle.stream().map(Measured::jvm).toList();
            weights.add(Weight.of("bare JVM", idlePids.subList(0, COUNT)));
            weights.add(Weight.of("bare Felix", idlePids.subList(COUNT, 2 * COUNT)));
            weights.add(Weight.of("Karaf minimal", idlePids.subList(2 * COUNT, 3 * COUNT)));
            List<Long> gateways = new ArrayList<>();
            for (int i = 1; i <= COUNT; i++) {
                gateways.add(installation.healthy("gw-" + i).orElseThrow());
            }
            weights.add(Weight.of("gateway", gateways));
        } finally {
            for (Measured process : idle) {
                process.close();
            }
        }
        print(weights, delays);
    }

    private static Path ready(Machine machine) throws IOException {
        return machine.folder("ready").resolve("ready");
    }

    /** Returns how long each status took, from the gate's turn to the connector's having it, ms. */
    private Figures sendStatuses(Installation installation) throws Exception {
        Api api = installation.api();
        Figures delays = new Figures();
        try (PodWatch watch = new PodWatch(api)) {
            for (int i = 1; i <= COUNT; i++) {
                api.create(Api.PODS, Installation.pod("pod-" + i, "gw-" + i, true));
            }
            for (int i = 1; i <= COUNT; i++) {
                watch.await(
                        "pod-" + i, WITHIN, pod -> pod.status().text("phase").equals("Running"));
            }
            ExecutorService controllers =
                    Executors.newFixedThreadPool(
                            COUNT, task -> new Thread(task, "wayside-bench-controller"));
            try {
                List<Future<List<Double>>> all = new ArrayList<>();
                for (int i = 1; i <= COUNT; i++) {
                    String pod = "pod-" + i;
                    all.add(controllers.submit(() -> turn(api, watch, pod)));
                }
                for (Future<List<Double>> each : all) {
                    each.get().forEach(delays::add);
                }
            } finally {
                controllers.shutdownNow();
            }
        }
        return delays;
    }

    private List<Double> turn(Api api, PodWatch watch, String name) throws Exception {
        List<Double> delays = new ArrayList<>();
        long begun = System.nanoTime();
        int updates = minutes * UPDATES_A_MINUTE;
        for (int i = 1; i <= updates; i++) {
            boolean open = i % 2 == 1;
            long turned = System.nanoTime();
            Installation.setGate(api, name, open);
            KubeObject unused =
                    watch.await(name, WITHIN, pod -> pod.conditionIsTrue("Ready") == open);
            delays.add((System.nanoTime() - turned) / 1e6);
            long next = begun + i * TimeUnit.MINUTES.toNanos(1) / UPDATES_A_MINUTE;
            TimeUnit.NANOSECONDS.sleep(next - System.nanoTime()); // the pace of the updates
        }
        return delays;
    }

    private void print(List<Weight> weights, Figures delays) {
        Weight gateway = weights.get(weights.size() - 1);
        System.out.printf(
                Locale.ROOT,
                "after %d min%s; each gateway: Docker driver, one pod, TLS, open watches, %d status"
                        + " updates sent%n",
                minutes,
                minutes == 10 ? "" : " (not the 10 min of the aim)",
                delays.count() / COUNT);
        System.out.printf(
                "(a pod's readiness gate was turned 100 times a minute; status at the connector"
                        + " after %.0f ms in the median, %.0f ms at p99)%n",
                delays.median(), delays.percentile(99));
        System.out.println(
                "MB (2^20 bytes): median (least–most, n); all side by side, so Pss divides what the"
                        + " JVMs share. JVM flags: those of bin/gateway; Karaf its own");
        for (Weight weight : weights) {
            System.out.printf(
                    "  %-14s VmRSS %-30s gateway is %s of it;  Pss %-30s gateway is %s of it%n",
                    weight.name(),
                    weight.rss(),
                    gateway.rss().ratioTo(weight.rss()),
                    weight.pss(),
                    gateway.pss().ratioTo(weight.pss()));
        }
        System.out.println(AIM.verdict(gateway.rss().median()));
    }
}
