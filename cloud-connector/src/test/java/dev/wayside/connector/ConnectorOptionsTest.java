// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

final class ConnectorOptionsTest {
    @Test
    void takesTheRangeOfServices() {
        assertThat(ConnectorOptions.parse(List.of()).serviceRange()).hasToString("10.96.0.0/16");
        assertThat(
                        ConnectorOptions.parse(List.of("--service-cidr", "172.30.0.0/28"))
                                .serviceRange())
                .hasToString("172.30.0.0/28");
    }

    @Test
    void refusesARangeThatPodsLiveIn() {
        assertThatThrownBy(
                        () ->
                                ConnectorOptions.parse(
                                        List.of(
                                                "--service-cidr",
                                                "10.1.4.0/24",
                                                "--cluster-cidr",
                                                "10.1.0.0/16")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "--service-cidr 10.1.4.0/24 and --cluster-cidr 10.1.0.0/16 overlap: an"
                                + " address would be a pod's and a Service's");
    }
}
