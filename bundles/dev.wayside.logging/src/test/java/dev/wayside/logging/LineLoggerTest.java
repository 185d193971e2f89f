// SPDX-License-Identifier: Apache-2.0
package dev.wayside.logging;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

class LineLoggerTest {
    private final List<String> lines = new ArrayList<>();
    private final Clock clock =
            Clock.fixed(Instant.parse("2026-11-24T10:00:00.123456Z"), ZoneOffset.UTC);

    private Logger logger(Level threshold) {
        return new LineLogger("dev.wayside.node.Registration", threshold, lines::add, clock);
    }

    @Test
    void writesTimeLevelThreadLoggerAndMessage() {
        Thread.currentThread().setName("main");
        logger(Level.INFO).info("joined as {} after {} s", "gw-1", 3);
        assertThat(lines)
                .containsExactly(
                        "2026-11-24T10:00:00.123Z INFO [main] node.Registration: joined as gw-1"
                                + " after 3 s\n");
    }

    @Test
    void leavesOutWhatIsBelowTheThreshold() {
        logger(Level.WARN).info("not this");
        assertThat(lines).isEmpty();
    }

    @Test
    void appendsTheStackTrace() {
        logger(Level.INFO).error("failed", new IllegalStateException("why"));
        assertThat(lines.get(0))
                .contains(
                        "failed\njava.lang.IllegalStateException: why\n\tat dev.wayside.logging.");
    }

    @Test
    void letsNobodyForgeALine() {
        logger(Level.INFO).info("name {}", "x\n2026-11-24T10:00:00Z INFO forged\u001b[2J");
        assertThat(lines.get(0))
                .containsOnlyOnce("\n")
                .contains("x\\n2026")
                .doesNotContain("\u001b");
    }

    @Test
    void cutsAMessageThatIsTooLong() {
        logger(Level.INFO).info("y".repeat(20_000));
        assertThat(lines.get(0).length()).isLessThan(8_400);
        assertThat(lines.get(0)).contains("(11808 more)");
    }

    @Test
    void isTheProviderThatSlf4jFinds() {
        assertThat(LoggerFactory.getLogger("dev.wayside.x")).isInstanceOf(LineLogger.class);
    }
}
