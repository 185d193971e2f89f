// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantityTest {
    @ParameterizedTest
    @CsvSource({
        "1, 1000",
        "100m, 100",
        "0.1, 100",
        ".5, 500",
        "1n, 1",
        "2k, 2000000",
        "1Ki, 1024000",
        "1e3, 1000000",
        "1E-3, 1",
        "-1, -1000",
        "1E, 1000000000000000000000"
    })
    void countsInThousandthsRoundedUp(String text, java.math.BigInteger milli) {
        long expected = milli.bitLength() > 63 ? Long.MAX_VALUE : milli.longValue();
        assertThat(Quantity.parse(text).milli()).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1 Gi", "1gi", "Mi", "1.2.3", "1e", "0x1", "1e999", "one"})
    void refusesWhatIsNoQuantity(String text) {
        assertThatThrownBy(() -> Quantity.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("\"" + text + "\"");
    }

    @Test
    void podsAskForTheSumOfTheirContainersAndALimitCountsAsRequest() throws JsonException {
        KubeObject pod =
                new KubeObject(
                        (JsonObject)
                                Json.parse(
                                        """
                                        {"spec":{"containers":[
                                          {"resources":{"requests":{"cpu":"100m","memory":"16Mi"}},
                                           "ports":[{"containerPort":80,"hostPort":8080}]},
                                          {"resources":{"limits":{"cpu":1,"memory":"1M"}}}]}}\
                                        """));
        PodRequests requests = PodRequests.of(pod);
        assertThat(requests.milliCpu()).isEqualTo(1100);
        assertThat(requests.memoryBytes()).isEqualTo(16 * 1024 * 1024 + 1_000_000);
        assertThat(requests.hostPorts()).containsExactly(new PodRequests.HostPort("", "TCP", 8080));
    }

    @ParameterizedTest
    @CsvSource({
        "a greedy init container counts alone, "
                + "'{\"name\":\"i\",\"resources\":{\"requests\":{\"cpu\":\"900m\"}}}', 900",
        "a modest one is not added, "
                + "'{\"name\":\"i\",\"resources\":{\"requests\":{\"cpu\":\"300m\"}}}', 500",
        "a sidecar is added, '{\"name\":\"s\",\"restartPolicy\":\"Always\","
                + "\"resources\":{\"requests\":{\"cpu\":\"100m\"}}}', 600",
        "an init container runs beside the sidecars before it, "
                + "'{\"name\":\"s\",\"restartPolicy\":\"Always\","
                + "\"resources\":{\"requests\":{\"cpu\":\"100m\"}}},"
                + "{\"name\":\"i\",\"resources\":{\"requests\":{\"cpu\":\"700m\"}}}', 800",
        "and not beside those after it, "
                + "'{\"name\":\"i\",\"resources\":{\"requests\":{\"cpu\":\"700m\"}}},"
                + "{\"name\":\"s\",\"restartPolicy\":\"Always\","
                + "\"resources\":{\"requests\":{\"cpu\":\"100m\"}}}', 700"
    })
    void initContainersCountAtThePodsHungriestMoment(String why, String init, long milliCpu)
            throws JsonException {
        String regular =
                "{\"resources\":{\"requests\":{\"cpu\":\"250m\"}}},"
                        + "{\"resources\":{\"requests\":{\"cpu\":\"250m\"}}}";
        String spec =
                "{\"spec\":{\"initContainers\":[" + init + "],\"containers\":[" + regular + "]}}";
        assertThat(PodRequests.of(new KubeObject((JsonObject) Json.parse(spec))).milliCpu())
                .as(why)
                .isEqualTo(milliCpu);
    }

    @Test
    void hostPortsClashOnTheSameAddressAndProtocolOnly() {
        PodRequests.HostPort any = new PodRequests.HostPort("", "TCP", 80);
        PodRequests.HostPort one = new PodRequests.HostPort("10.0.0.1", "TCP", 80);
        assertThat(any.clashesWith(one)).isTrue();
        assertThat(one.clashesWith(new PodRequests.HostPort("10.0.0.2", "TCP", 80))).isFalse();
        assertThat(any.clashesWith(new PodRequests.HostPort("", "UDP", 80))).isFalse();
    }
}
