// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import dev.wayside.wire.HttpConnection;
import dev.wayside.wire.StreamHandle;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * 1,000 watches of all pods, each a stream of its own, 200 on a connection. Pods are replaced,
 * first one after the other (how long until all have been told), then 16 at a time (how many events
 * are told in a second).
 */
final class FanOutBenchmark implements Benchmarks.Benchmark {
    private static final int WATCHERS = 1_000;
    private static final int PER_CONNECTION = 200;
    private static final int SINGLE = 30;
    private static final int BURST = 100;
    private static final int AT_A_TIME = 16;
    private static final int WARM_UPS = 3;
    private static final int ROUNDS = 5;
    private static final int PODS = BURST;
    private static final long PATIENCE_SECONDS = 120;

    private static final class Watched {
        final AtomicLong told = new AtomicLong();
        final Figures latencies = new Figures();
        final Figures rates = new Figures();
        final Figures work = new Figures();
        long wanted;
    }

    @Override
    public void run(Machine machine) throws Exception {
        List<HttpConnection> connections = new ArrayList<>();
        List<StreamHandle> watches = new ArrayList<>();
        try (Stores stores = new Stores(machine, PODS, "512m")) {
            Map<StoreSide, Watched> watched = new HashMap<>();
            for (StoreSide side : stores.both()) {
                watched.put(side, watch(side, connections, watches));
            }
            int turn = 0;
            for (int round = -WARM_UPS; round < ROUNDS; round++) {
                for (StoreSide side : stores.both()) {
                    turn = round(stores, side, StoreSide.of(watched, side), turn, round >= 0);
                }
            }
            watches.forEach(StreamHandle::cancel);
            connections.forEach(HttpConnection::close);
            print(stores, watched);
        }
    }

    private static Watched watch(
            StoreSide side, List<HttpConnection> connections, List<StreamHandle> watches)
            throws Exception {
        Watched watched = new Watched();
        CountDownLatch begun = new CountDownLatch(WATCHERS);
        for (int i = 0; i < WATCHERS; i++) {
            if (i % PER_CONNECTION == 0) {
                connections.add(side.dial());
            }
            watches.add(
                    side.watch(
                            connections.get(connections.size() - 1),
                            begun::countDown,
                            watched.told::addAndGet));
        }
        if (!begun.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException("not all watches began");
        }
        return watched;
    }

    private static int round(
            Stores stores, StoreSide side, Watched watched, int firstTurn, boolean counts)
            throws Exception {
        int turn = firstTurn;
        try (HttpConnection writer = side.dial()) {
            for (int i = 0; i < SINGLE; i++) {
                byte[] pod = stores.text(side, Stores.name(i), ++turn);
                long begun = System.nanoTime();
                var written = side.replace(writer, Stores.name(i), pod);
                written.get(); // says why, if it is refused
                awaitAll(watched, 1);
                if (counts) {
                    watched.latencies.add((System.nanoTime() - begun) / 1e6);
                }
            }
            int base = turn;
            double cpu = Measured.cpuMillis(side.pid());
            long begun = System.nanoTime();
            Stores.each(
                    0,
                    BURST,
                    AT_A_TIME,
                    i ->
                            side.replace(
                                    writer,
                                    Stores.name(i),
                                    stores.text(side, Stores.name(i), base + 1 + i)));
            awaitAll(watched, BURST);
            double seconds = (System.nanoTime() - begun) / 1e9;
            if (counts) {
                watched.rates.add(BURST * (double) WATCHERS / seconds);
                watched.work.add((Measured.cpuMillis(side.pid()) - cpu) * 1e3 / BURST / WATCHERS);
            }
            return turn + BURST;
        }
    }

    private static void awaitAll(Watched watched, int events) throws InterruptedException {
        watched.wanted += (long) events * WATCHERS;
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (watched.told.get() < watched.wanted) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException(
                        watched.told.get() + " events were told, not " + watched.wanted);
            }
            TimeUnit.MICROSECONDS.sleep(100); // the resolution of the figure
        }
    }

    private static void print(Stores stores, Map<StoreSide, Watched> watched) {
        Watched etcd = StoreSide.of(watched, stores.etcd());
        System.out.println(
                WATCHERS
                        + " watches of pods of "
                        + stores.storedBytes()
                        + " bytes, all told of each change");
        for (StoreSide side : stores.both()) {
            Watched one = StoreSide.of(watched, side);
            System.out.printf(
                    "  %-10s one change told to all, ms %s, %s of etcd's%n",
                    side.name(), one.latencies, one.latencies.ratioTo(etcd.latencies));
            System.out.printf(
                    "  %-10s events told in a second %s, %s of etcd's; %.1f µs of the server's"
                            + " processor each%n",
                    "", one.rates, one.rates.ratioTo(etcd.rates), one.work.median());
        }
    }
}
