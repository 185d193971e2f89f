// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * From the start of the process to ready: a bare JVM, bare Felix, our gateway (every component
 * active, joined, connector away) and Apache Karaf minimal, in turn, so that the machine's mood is
 * shared. Resident memory is taken after 20 s of idling in the last round.
 */
final class BootBenchmark implements Benchmarks.Benchmark {
    private static final int ROUNDS = 7;
    private static final Duration WITHIN = Duration.ofMinutes(1);

    @Override
    public void run(Machine machine) throws Exception {
        List<String> names = List.of("bare JVM", "bare Felix", "gateway", "Karaf minimal");
        List<Figures> boots = new ArrayList<>();
        List<Double> memory = new ArrayList<>();
        names.forEach(name -> boots.add(new Figures()));
        try (GatewayFolder gateway = GatewayFolder.joined(machine);
                KarafFolder karaf = new KarafFolder(machine)) {
            for (int round = 0; round < ROUNDS; round++) {
                for (int i = 0; i < names.size(); i++) {
                    try (Measured measured = start(i, machine, gateway, karaf)) {
                        boots.get(i).add(measured.readyMillis());
                        if (round == ROUNDS - 1) {
                            Thread.sleep(20_000); // the figure is that of an idle process
                            memory.add(
                                    Measured.rss(
                                            i == 3 ? karaf.javaPid(measured) : measured.pid()));
                        }
                    }
                }
            }
        }
        System.out.println("boot to ready, ms: median (least–most, n)");
        for (int i = 0; i < names.size(); i++) {
            System.out.printf(
                    "  %-14s %s   gateway is %s of it; VmRSS after 20 s idle %6.1f MB, gateway is"
                            + " %.2f× of it%n",
                    names.get(i),
                    boots.get(i),
                    boots.get(2).ratioTo(boots.get(i)),
                    memory.get(i),
                    memory.get(2) / memory.get(i));
        }
        System.out.printf(
                "  aim: gateway ≤ 800 ms to all components active; got %.0f ms%n",
                boots.get(2).median());
    }

    private static Measured start(
            int which, Machine machine, GatewayFolder gateway, KarafFolder karaf)
            throws IOException, InterruptedException {
        Path ready = machine.folder("ready").resolve("ready");
        return switch (which) {
            case 0 -> Baselines.bareJvm(machine, ready, WITHIN);
            case 1 -> Baselines.felix(machine, ready, WITHIN, List.of());
            case 2 -> gateway.start(WITHIN);
            default ->
                    Measured.start(
                            karaf.command(), karaf.environment(machine), karaf.ready(), WITHIN);
        };
    }
}
