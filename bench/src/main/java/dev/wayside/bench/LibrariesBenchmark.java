// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What each group of bundles costs a gateway, by adding one after the other to Felix: resident
 * memory after 10 s, median of 3. This is the price of having them installed and started; what
 * their use costs is in the benchmark "memory".
 */
final class LibrariesBenchmark implements Benchmarks.Benchmark {
    private static final int ROUNDS = 3;

    /**
     * @param prefixes of the bundles' file names
     */
    private record Step(String name, List<String> prefixes) {}

    private static final List<Step> STEPS =
            List.of(
                    new Step("bare Felix", List.of()),
                    new Step(
                            "+ SCR, ConfigAdmin, Metatype, EventAdmin",
                            List.of(
                                    "org.osgi.util.pushstream",
                                    "org.osgi.service.log",
                                    "org.apache.felix.configadmin",
                                    "org.apache.felix.metatype",
                                    "org.apache.felix.eventadmin",
                                    "org.apache.felix.scr")),
                    new Step(
                            "+ SLF4J and our logging", List.of("slf4j-api", "dev.wayside.logging")),
                    new Step("+ jackson-core", List.of("jackson-core")),
                    new Step("+ H2 (MVStore)", List.of("h2")),
                    new Step(
                            "+ Netty",
                            List.of(
                                    "netty-common",
                                    "netty-buffer",
                                    "netty-resolver",
                                    "netty-transport",
                                    "netty-transport-native-unix-common",
                                    "netty-codec-base",
                                    "netty-codec-compression",
                                    "netty-handler",
                                    "netty-codec-http",
                                    "netty-codec-http2")),
                    new Step(
                            "+ model, wire, api",
                            List.of("dev.wayside.model", "dev.wayside.wire", "dev.wayside.api")));

    @Override
    public void run(Machine machine) throws Exception {
        System.out.println("VmRSS, MB: median (least–most, n); added; ratio to bare Felix");
        List<Path> bundles = new ArrayList<>();
        Figures bare = null;
        double before = 0;
        for (Step step : STEPS) {
            for (String prefix : step.prefixes()) {
                bundles.add(machine.jar("bundles", prefix));
            }
            Figures figures = new Figures();
            for (int round = 0; round < ROUNDS; round++) {
                Path ready = machine.folder("ready").resolve("ready");
                try (Measured measured =
                        Baselines.felix(machine, ready, Duration.ofMinutes(1), bundles)) {
                    Thread.sleep(10_000); // the figure is that of an idle process
                    figures.add(Measured.rss(measured.jvm()));
                }
            }
            if (bare == null) {
                bare = figures;
                before = figures.median();
            }
            System.out.printf(
                    "  %-42s %s  %+5.1f  %s%n",
                    step.name(), figures, figures.median() - before, figures.ratioTo(bare));
            before = figures.median();
        }
    }
}
