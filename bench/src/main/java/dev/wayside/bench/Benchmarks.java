// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs the benchmarks that are named, or all. Each prints figures and ratios against baselines
 * measured in the same run, on the same machine, and nothing else decides anything by them.
 */
public final class Benchmarks {
    private static final int WRONG_USAGE = 64;
    private static final int MOST_MINUTES = 24 * 60;

    /** One benchmark. */
    interface Benchmark {
        void run(Machine machine) throws Exception;
    }

    private Benchmarks() {}

    public static void main(String[] args) throws Exception {
        int minutes = 10;
        List<String> names = new ArrayList<>();
        for (int i = 0; i < args.length; i++) {
            if (args[i].equals("--minutes") && i + 1 < args.length) {
                minutes = minutes(args[++i]);
            } else {
                names.add(args[i]);
            }
        }
        Map<String, Benchmark> all = new LinkedHashMap<>();
        all.put("boot", new BootBenchmark());
        all.put("libraries", new LibrariesBenchmark());
        all.put("memory", new MemoryBenchmark(minutes));
        all.put("apply", new ApplyBenchmark());
        all.put("recovery", new RecoveryBenchmark());
        all.put("list", new ListBenchmark());
        all.put("fanout", new FanOutBenchmark());
        all.put("writes", new WritesBenchmark());
        all.put("fleet", new FleetBenchmark());
        all.put("grids", new GridsBenchmark());
        Map<String, Benchmark> chosen = new LinkedHashMap<>();
        for (String name : names.isEmpty() ? all.keySet() : names) {
            Benchmark benchmark = all.get(name);
            if (benchmark == null) {
                wrong("no benchmark is called \"" + name + "\"; there are " + all.keySet());
                return;
            }
            chosen.put(name, benchmark);
        }
        endInOrder();
        try (Machine machine =
                new Machine(Path.of(System.getProperty("wayside.root", ".")).toAbsolutePath())) {
            System.out.println(machine.description());
            for (Map.Entry<String, Benchmark> each : chosen.entrySet()) {
                System.out.println("\n== " + each.getKey());
                each.getValue().run(machine);
            }
        }
        // The watch's threads would keep the program for a while.
        Runtime.getRuntime().halt(0);
    }

    /** An interrupted benchmark ends what it started. */
    private static void endInOrder() {
        Thread main = Thread.currentThread();
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(
                                () -> {
                                    main.interrupt();
                                    try {
                                        main.join(Duration.ofMinutes(1).toMillis());
                                    } catch (InterruptedException e) {
                                        Thread.currentThread().interrupt();
                                    }
                                },
                                "wayside-bench-stop"));
    }

    private static int minutes(String text) {
        if (!text.matches("[0-9]{1,4}")
                || Integer.parseInt(text) < 1
                || Integer.parseInt(text) > MOST_MINUTES) {
            wrong("--minutes takes a whole number from 1 to " + MOST_MINUTES + ", not " + text);
        }
        return Integer.parseInt(text);
    }

    private static void wrong(String message) {
        System.err.println("bench: " + message);
        System.exit(WRONG_USAGE);
    }
}
