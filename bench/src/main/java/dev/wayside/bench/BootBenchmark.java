// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * From the start of the program to ready: a bare JVM, bare Felix, the gateway (from {@code
 * bin/gateway run} to every component active; joined, connector and Docker there) and Apache Karaf
 * minimal (to the last of its boot features, features resolved before), in turn, so that the
 * machine's mood is shared. Resident memory is taken after 20 s of idling in the last round.
 */
final class BootBenchmark implements Benchmarks.Benchmark {
    private static final int ROUNDS = 9;
    private static final Duration WITHIN = Duration.ofMinutes(1);
    private static final Aim AIM = new Aim("start to all components active", 800, " ms");

    /** Starts the program and waits until it is ready. */
    private interface Start {
        Measured start() throws IOException, InterruptedException;
    }

    private record Subject(String name, Start start, Figures boot, Figures memory) {
        Subject(String name, Start start) {
            this(name, start, new Figures(), new Figures());
        }
    }

    @Override
    public void run(Machine machine) throws Exception {
        List<Subject> subjects = new ArrayList<>();
        KarafFolder karaf = KarafFolder.warm(machine, WITHIN);
        try (Installation installation = Installation.up(machine, 1)) {
            installation.stopGateway("gw-1");
            subjects.add(
                    new Subject(
                            "bare JVM", () -> Baselines.bareJvm(machine, ready(machine), WITHIN)));
            subjects.add(
                    new Subject(
                            "bare Felix",
                            () -> Baselines.felix(machine, ready(machine), WITHIN, List.of())));
            subjects.add(new Subject("Karaf minimal", () -> karaf.start(WITHIN)));
            subjects.add(new Subject("gateway", () -> installation.startGateway("gw-1", WITHIN)));
            for (int round = 0; round < ROUNDS; round++) {
                for (Subject subject : subjects) {
                    try (Measured measured = subject.start().start()) {
                        subject.boot().add(measured.readyMillis());
                        if (round == ROUNDS - 1) {
                            Thread.sleep(20_000); // the figure is that of an idle process
                            subject.memory().add(Measured.rss(measured.jvm()));
                        }
                    }
                }
            }
        }
        Subject gateway = subjects.get(subjects.size() - 1);
        System.out.println(
                "start of the program to ready, ms: median (least–most, n); VmRSS, MB, after 20 s"
                        + " idle");
        System.out.println(
                "JVM flags: those of bin/gateway; Karaf its own. The gateway makes its bundle cache"
                        + " anew at each start, Karaf keeps its.");
        for (Subject subject : subjects) {
            System.out.printf(
                    "  %-14s %-28s gateway is %7s of it;  %6.1f MB, gateway is %s of it%n",
                    subject.name(),
                    subject.boot(),
                    gateway.boot().ratioTo(subject.boot()),
                    subject.memory().median(),
                    gateway.memory().ratioTo(subject.memory()));
        }
        System.out.println(AIM.verdict(gateway.boot().median()));
    }

    private static Path ready(Machine machine) throws IOException {
        return machine.folder("ready").resolve("ready");
    }
}
