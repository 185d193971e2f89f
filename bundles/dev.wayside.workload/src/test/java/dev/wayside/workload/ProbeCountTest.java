// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ProbeCountTest {
    /** Outcomes and verdicts: + well, - not well, . neither. */
    @ParameterizedTest
    @CsvSource({
        "1, 1, +-+-,     +-+-",
        "1, 3, ---+--,   ..-+..",
        "1, 3, --+--+---, ..+..+..-",
        "2, 1, +-++-,    .-.+-",
        "3, 2, ++-+++--, .....+.-",
        "1, 3, -----,    ..---",
    })
    void saysWhatComesInSuccession(int successes, int failures, String outcomes, String verdicts) {
        ProbeCount count = new ProbeCount(successes, failures);
        StringBuilder said = new StringBuilder();
        for (int i = 0; i < outcomes.length(); i++) {
            said.append(
                    count.add(outcomes.charAt(i) == '+').map(well -> well ? '+' : '-').orElse('.'));
        }
        assertThat(said.toString()).isEqualTo(verdicts);
    }

    @Test
    void eventsAreSaidSomeTimesAndThenNowAndAgain() {
        EventBudget budget = new EventBudget(Duration.ZERO);
        int said = 0;
        for (int second = 1; second <= 3600; second++) {
            said += budget.take(Duration.ofSeconds(second)) ? 1 : 0;
        }
        assertThat(said).isBetween(36, 38);
    }
}
