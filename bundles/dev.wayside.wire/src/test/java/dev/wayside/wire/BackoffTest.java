// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class BackoffTest {
    private static final Duration BASE = Duration.ofMillis(100);
    private static final Duration CAP = Duration.ofSeconds(3);

    /** Always the most that is asked for. */
    private static final RandomGenerator HIGHEST =
            new RandomGenerator() {
                @Override
                public long nextLong() {
                    return -1;
                }

                @Override
                public long nextLong(long bound) {
                    return bound - 1;
                }
            };

    @Test
    void theCeilingDoublesUpToTheCap() {
        Backoff backoff = new Backoff(BASE, CAP, HIGHEST);

        assertThat(backoff.next()).isEqualTo(Duration.ofMillis(100));
        assertThat(backoff.next()).isEqualTo(Duration.ofMillis(200));
        assertThat(backoff.next()).isEqualTo(Duration.ofMillis(400));
        assertThat(backoff.next()).isEqualTo(Duration.ofMillis(800));
        assertThat(backoff.next()).isEqualTo(Duration.ofMillis(1600));
        assertThat(backoff.next()).isEqualTo(CAP);
        assertThat(backoff.next()).isEqualTo(CAP);
    }

    @Test
    void beginsAgainAfterASuccess() {
        Backoff backoff = new Backoff(BASE, CAP, HIGHEST);
        backoff.next();
        backoff.next();

        backoff.reset();

        assertThat(backoff.next()).isEqualTo(BASE);
    }

    @Test
    void theJitterIsFullAndEven() {
        Random random = new Random(7);
        int below = 0;
        for (int i = 0; i < 10_000; i++) {
            Duration wait = new Backoff(BASE, CAP, random).next();
            assertThat(wait).isBetween(Duration.ofNanos(1), BASE);
            if (wait.compareTo(BASE.dividedBy(2)) <= 0) {
                below++;
            }
        }
        assertThat(below).isBetween(4_700, 5_300);
    }

    @Test
    void neverOverflowsHoweverLongItIsAway() {
        Backoff backoff = new Backoff(Duration.ofNanos(1), Duration.ofDays(100_000), HIGHEST);
        for (int i = 0; i < 1_000; i++) {
            assertThat(backoff.next()).isPositive();
        }
        assertThat(backoff.next()).isEqualTo(Duration.ofDays(100_000));
    }

    @Test
    void refusesWhatWouldNotWait() {
        assertThatThrownBy(() -> new Backoff(Duration.ZERO, CAP, HIGHEST))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Backoff(CAP, BASE, HIGHEST))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
