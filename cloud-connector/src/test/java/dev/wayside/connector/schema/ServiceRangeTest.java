// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ServiceRangeTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "10.96.0.0",
                "10.96.0.0/",
                "10.96.0.0/8",
                "10.96.0.0/29",
                "10.96.0/16",
                "fd00::/112",
                "10.256.0.0/16",
                "10.096.0.0/16",
                "x/16",
                "10.96.0.0/16/16",
                "10.96.0.0/-1"
            })
    void refusesWhatIsNoNetwork(String text) {
        assertThatThrownBy(() -> ServiceRange.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "\""
                                + text
                                + "\" is no network of IPv4 from /12 to /28, like 10.96.0.0/16");
    }

    @Test
    void asksForTheNetworkItself() {
        assertThatThrownBy(() -> ServiceRange.parse("10.96.7.9/16"))
                .hasMessageContaining("did you mean 10.96.0.0/16?");
        assertThat(ServiceRange.parse("10.96.0.16/28")).hasToString("10.96.0.16/28");
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.16,false",
        "10.0.0.17,true",
        "10.0.0.30,true",
        "10.0.0.31,false",
        "10.0.0.32,false",
        "10.0.0.017,false",
        "None,false",
        "fd00::1,false"
    })
    void holdsAllButTheFirstAndTheLast(String address, boolean held) {
        assertThat(ServiceRange.parse("10.0.0.16/28").holds(address)).isEqualTo(held);
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.16/28", "10.0.0.0/26", "192.168.0.0/23"})
    void givesEveryAddressOnceAndThoseKeptForChoosersLast(String text) {
        ServiceRange range = ServiceRange.parse(text);
        Set<String> taken = new HashSet<>();
        int seed = Integer.MIN_VALUE;
        for (OptionalInt free = range.free(seed, taken);
                free.isPresent();
                free = range.free(seed += 7919, taken)) {
            String address = ServiceRange.text(free.getAsInt());
            assertThat(range.holds(address)).as(address).isTrue();
            assertThat(taken.add(address)).as(address).isTrue();
        }
        assertThat(taken).hasSize((1 << (32 - range.prefix())) - 2);
    }

    @Test
    void leavesTheLowerPartToChoosersAsLongAsItCan() {
        ServiceRange range = ServiceRange.parse("10.0.0.0/24");
        Set<String> taken = new HashSet<>();
        for (int i = 0; i < 238; i++) {
            taken.add(ServiceRange.text(range.free(i, taken).orElseThrow()));
        }
        assertThat(taken).noneMatch(each -> Integer.parseInt(each.split("\\.")[3]) <= 16);
        assertThat(ServiceRange.text(range.free(0, taken).orElseThrow())).isEqualTo("10.0.0.1");
    }

    @Test
    void overlapsWhatIsWithinAndAround() {
        ServiceRange range = ServiceRange.parse("10.96.0.0/16");
        assertThat(range.overlaps(10 << 24, 8)).isTrue();
        assertThat(range.overlaps(10 << 24 | 96 << 16 | 5 << 8, 24)).isTrue();
        assertThat(range.overlaps(10 << 24 | 97 << 16, 16)).isFalse();
    }
}
