// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs the benchmarks that are named, or all. Each prints figures and ratios against baselines
 * measured in the same run, on the same machine, and nothing else decides anything by them.
 */
public final class Benchmarks {
    /** One benchmark. */
    interface Benchmark {
        void run(Machine machine) throws Exception;
    }

    private Benchmarks() {}

    public static void main(String[] args) throws Exception {
        Map<String, Benchmark> all = new LinkedHashMap<>();
        all.put("boot", new BootBenchmark());
        all.put("libraries", new LibrariesBenchmark());
        all.put("memory", new MemoryBenchmark());
        all.put("apply", new ApplyBenchmark());
        all.put("recovery", new RecoveryBenchmark());
        List<String> names = args.length == 0 ? List.copyOf(all.keySet()) : List.of(args);
        for (String name : names) {
            if (!all.containsKey(name)) {
                System.err.println(
                        "no benchmark is called \"" + name + "\"; there are " + all.keySet());
                System.exit(64);
            }
        }
        try (Machine machine =
                new Machine(Path.of(System.getProperty("wayside.root", ".")).toAbsolutePath())) {
            for (String name : names) {
                System.out.println("\n== " + name);
                all.get(name).run(machine);
            }
        }
    }
}
