// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import dev.wayside.wire.HttpConnection;
import java.util.HashMap;
import java.util.Map;

/** A list of 5,000 pods: the time from the request to its last byte, in turn with etcd's. */
final class ListBenchmark implements Benchmarks.Benchmark {
    private static final int PODS = 5_000;
    private static final int WARM_UP = 15;
    private static final int ROUNDS = 25;

    @Override
    public void run(Machine machine) throws Exception {
        Map<StoreSide, Figures> times = new HashMap<>();
        Map<StoreSide, Figures> work = new HashMap<>();
        Map<StoreSide, Integer> bytes = new HashMap<>();
        try (Stores stores = new Stores(machine, PODS, "512m")) {
            for (int round = -WARM_UP; round < ROUNDS; round++) {
                for (StoreSide side : stores.both()) {
                    try (HttpConnection connection = side.dial()) {
                        double cpu = Measured.cpuMillis(side.pid());
                        long begun = System.nanoTime();
                        bytes.put(side, side.list(connection, PODS).get());
                        double millis = (System.nanoTime() - begun) / 1e6;
                        if (round >= 0) {
                            times.computeIfAbsent(side, any -> new Figures()).add(millis);
                            work.computeIfAbsent(side, any -> new Figures())
                                    .add(Measured.cpuMillis(side.pid()) - cpu);
                        }
                    }
                }
            }
            Figures etcd = StoreSide.of(times, stores.etcd());
            System.out.println("list of " + PODS + " pods, on a new connection each, ms");
            for (StoreSide side : stores.both()) {
                System.out.printf(
                        "  %-10s %s  %s of etcd's; %.1f MB; the server's processor %.0f ms%n",
                        side.name(),
                        StoreSide.of(times, side),
                        StoreSide.of(times, side).ratioTo(etcd),
                        StoreSide.of(bytes, side) / 1e6,
                        StoreSide.of(work, side).median());
            }
        }
    }
}
