// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import dev.wayside.wire.HttpConnection;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Synced writes: new pods in a second by one client and by 64 at a time, and how long a server-side
 * apply of a pod that is there takes. etcd puts the text that the connector stores; the connector
 * also checks, defaults and tracks, as etcd does not.
 */
final class WritesBenchmark implements Benchmarks.Benchmark {
    private static final int ALONE = 300;
    private static final int TOGETHER = 3_000;
    private static final int CLIENTS = 64;
    private static final int APPLIES = 200;
    private static final int WARM_UPS = 2;
    private static final int ROUNDS = 5;
    private static final int PODS = 200;

    private static final class Written {
        final Figures alone = new Figures();
        final Figures together = new Figures();
        final Figures latency = new Figures();
        final Figures applied = new Figures();
        final Figures work = new Figures();
    }

    private interface Write {
        CompletableFuture<Void> send(HttpConnection connection, String name, int number);
    }

    @Override
    public void run(Machine machine) throws Exception {
        try (Stores stores = new Stores(machine, PODS, "512m")) {
            Map<StoreSide, Written> written = new HashMap<>();
            stores.both().forEach(side -> written.put(side, new Written()));
            for (int round = -WARM_UPS; round < ROUNDS; round++) {
                for (StoreSide side : stores.both()) {
                    Written counted = round >= 0 ? StoreSide.of(written, side) : new Written();
                    round(stores, side, counted, (round + WARM_UPS + 1) * 10_000);
                }
            }
            print(stores, written);
        }
    }

    private static void round(Stores stores, StoreSide side, Written written, int first)
            throws Exception {
        boolean ours = side == stores.connector();
        Write create =
                (connection, name, number) ->
                        side.create(
                                connection,
                                name,
                                ours ? stores.written(name, 0) : stores.stored(name, 0));
        Write apply =
                (connection, name, number) ->
                        side.apply(
                                connection,
                                name,
                                ours
                                        ? stores.written(name, first + number)
                                        : stores.stored(name, first + number));
        try (HttpConnection connection = side.dial()) {
            written.alone.add(rate(connection, create, first, ALONE, 1, written.latency));
            double cpu = Measured.cpuMillis(side.pid());
            written.together.add(
                    rate(connection, create, first + ALONE, TOGETHER, CLIENTS, new Figures()));
            written.work.add((Measured.cpuMillis(side.pid()) - cpu) * 1e3 / TOGETHER);
            for (int i = 0; i < APPLIES; i++) {
                long begun = System.nanoTime();
                apply.send(connection, Stores.name(i % PODS), i).get();
                written.applied.add((System.nanoTime() - begun) / 1e6);
            }
        }
    }

    /** Writes in a second. */
    private static double rate(
            HttpConnection connection,
            Write write,
            int first,
            int count,
            int clients,
            Figures latency)
            throws InterruptedException {
        long begun = System.nanoTime();
        Stores.each(
                first,
                first + count,
                clients,
                i -> {
                    long sent = System.nanoTime();
                    return write.send(connection, Stores.name(i), i)
                            .thenRun(
                                    () -> {
                                        synchronized (latency) {
                                            latency.add((System.nanoTime() - sent) / 1e6);
                                        }
                                    });
                });
        return count / ((System.nanoTime() - begun) / 1e9);
    }

    private static void print(Stores stores, Map<StoreSide, Written> written) {
        Written etcd = StoreSide.of(written, stores.etcd());
        System.out.println("synced writes of pods of " + stores.storedBytes() + " bytes");
        for (StoreSide side : stores.both()) {
            Written one = StoreSide.of(written, side);
            System.out.printf(
                    "  %-10s creates in a second, one client  %s, %s of etcd's; p50 %.2f ms, p99"
                            + " %.2f ms%n",
                    side.name(),
                    one.alone,
                    one.alone.ratioTo(etcd.alone),
                    one.latency.percentile(50),
                    one.latency.percentile(99));
            System.out.printf(
                    "  %-10s creates in a second, %d at a time %s, %s of etcd's; %.0f µs of the"
                            + " server's processor each%n",
                    "",
                    CLIENTS,
                    one.together,
                    one.together.ratioTo(etcd.together),
                    one.work.median());
            System.out.printf(
                    "  %-10s apply, ms  p50 %.2f  p99 %.2f, %s and %s of etcd's put%n",
                    "",
                    one.applied.percentile(50),
                    one.applied.percentile(99),
                    one.applied.ratioTo(etcd.applied, 50),
                    one.applied.ratioTo(etcd.applied, 99));
        }
    }
}
