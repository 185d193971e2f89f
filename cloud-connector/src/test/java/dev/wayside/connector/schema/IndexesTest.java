// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sets of completion indexes, held against plain sets. */
final class IndexesTest {

    @Test
    void isWrittenInRuns() {
        assertThat(Indexes.parse("7,1,3-5", 10)).hasToString("1,3-5,7");
        assertThat(Indexes.parse("1,2", 10)).hasToString("1,2");
        assertThat(Indexes.parse("", 10).isEmpty()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "1-", "-1", "3-1", "10", "1,,2", "1-2-3", "99999999999"})
    void refusesWhatIsNoSetOfIndexes(String text) {
        assertThatThrownBy(() -> Indexes.parse(text, 10))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void isTheSetThatWasAdded() {
        Random random = new Random(1);
        for (int round = 0; round < 200; round++) {
            Indexes indexes = new Indexes();
            Indexes others = new Indexes();
            TreeSet<Integer> set = new TreeSet<>();
            TreeSet<Integer> otherSet = new TreeSet<>();
            for (int i = 0; i < random.nextInt(40); i++) {
                int index = random.nextInt(50);
                indexes.add(index);
                set.add(index);
                int other = random.nextInt(50);
                others.add(other);
                otherSet.add(other);
            }
            for (int i = 0; i < 50; i++) {
                assertThat(indexes.contains(i)).isEqualTo(set.contains(i));
            }
            assertThat(indexes.size()).isEqualTo(set.size());
            otherSet.retainAll(set);
            assertThat(indexes.common(others)).isEqualTo(otherSet.size());
            assertThat(Indexes.parse(indexes.toString(), 50)).hasToString(indexes.toString());
        }
    }
}
