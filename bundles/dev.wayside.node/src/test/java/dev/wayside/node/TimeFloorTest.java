// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.testing.ManualClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class TimeFloorTest {
    @TempDir Path folder;

    private final ManualClock time = new ManualClock();
    private final Instant start = time.instant();

    @Test
    void isTheClockUnlessTheClockIsBelowWhatWasVouchedFor() {
        TimeFloor floor = floor();
        assertThat(floor.now()).isEqualTo(start);
        floor.raise(start.plus(Duration.ofDays(2)));
        assertThat(floor.now()).isEqualTo(start.plus(Duration.ofDays(2)));
        time.advance(Duration.ofDays(3));
        assertThat(floor.now()).isEqualTo(time.instant());
    }

    @Test
    void knowsABootIn1970ToBeWrong() {
        floor().connected(Instant.MAX);
        time.set(Instant.EPOCH);

        assertThat(floor().now()).isEqualTo(start);
        TimeFloor later = floor();
        later.connected(Instant.MAX);
        assertThat(later.now()).isEqualTo(start);
    }

    @Test
    void forgetsAClockThatRanAheadWithoutAConnection() {
        TimeFloor floor = floor();
        floor.connected(Instant.MAX);
        time.set(start.plus(Duration.ofDays(3650)));
        assertThat(floor.now()).isEqualTo(time.instant());
        time.set(start);

        assertThat(floor.now()).isEqualTo(start);
        assertThat(floor().now()).isEqualTo(start);
    }

    @Test
    void holdsWithinADayWhatIsNotWorthAWriteYet() throws Exception {
        TimeFloor floor = floor();
        floor.connected(Instant.MAX);
        Files.setLastModifiedTime(file(), FileTime.from(Instant.EPOCH));

        for (int hour = 1; hour < 24; hour++) {
            time.advance(Duration.ofHours(1));
            floor.connected(Instant.MAX);
        }
        Instant vouched = time.instant();
        time.set(Instant.EPOCH);

        assertThat(floor.now()).isEqualTo(vouched);
        assertThat(Files.getLastModifiedTime(file()).toInstant()).isEqualTo(Instant.EPOCH);
        time.set(vouched.plus(Duration.ofHours(1)));
        floor.connected(Instant.MAX);
        assertThat(Files.getLastModifiedTime(file()).toInstant()).isAfter(Instant.EPOCH);
        assertThat(Files.readString(file())).isEqualTo(time.instant() + "\n");
    }

    @Test
    void beginsAnewIfItsFileIsSpoilt() throws Exception {
        for (String spoilt : new String[] {"", "soon", "+1000000000-12-31T23:59:59Z", "\u0000"}) {
            Files.writeString(file(), spoilt);
            TimeFloor floor = floor();
            floor.connected(Instant.MAX);
            assertThat(floor.now()).isEqualTo(start);
            assertThat(Files.readString(file())).isEqualTo(start + "\n");
        }
        Files.write(file(), new byte[] {(byte) 0xff, (byte) 0xfe});
        assertThat(floor().now()).isEqualTo(start);
    }

    @Test
    void holdsInMemoryWhatCannotBeSaved() throws Exception {
        TimeFloor floor = new TimeFloor(folder.resolve("none/time-floor"), time);
        floor.connected(Instant.MAX);
        time.set(Instant.EPOCH);
        assertThat(floor.now()).isEqualTo(start);
    }

    /** It is asked on event loops. */
    @Test
    @Timeout(30)
    void tellsTheTimeWhileTheDiskIsBusy() throws Exception {
        CountDownLatch syncing = new CountDownLatch(1);
        CountDownLatch told = new CountDownLatch(1);
        AtomicBoolean whileBusy = new AtomicBoolean();
        AtomicFiles slow =
                new AtomicFiles(
                        (change, path) -> {
                            if (change.equals("write")) {
                                syncing.countDown();
                                whileBusy.set(within(told));
                            }
                        });
        TimeFloor floor = new TimeFloor(file(), time, slow);
        Thread raising = new Thread(() -> floor.connected(Instant.MAX), "wayside-test-raise");
        raising.start();
        syncing.await();

        Thread asking =
                new Thread(
                        () -> {
                            Instant unused = floor.now();
                            told.countDown();
                        },
                        "wayside-test-ask");
        asking.start();
        raising.join();
        asking.join();

        assertThat(whileBusy).isTrue();
    }

    private static boolean within(CountDownLatch latch) throws IOException {
        try {
            return latch.await(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private Path file() {
        return folder.resolve("time-floor");
    }

    private TimeFloor floor() {
        return new TimeFloor(file(), time);
    }
}
