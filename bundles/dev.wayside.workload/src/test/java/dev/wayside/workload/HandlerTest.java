// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class HandlerTest {
    private static final String CONTAINER =
            """
            {"name": "web", "ports": [{"name": "http", "containerPort": 8080}, {"containerPort": 9}]}\
            """;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`{\"tcpSocket\": {\"port\": 80}}` | Tcp[host=10.0.0.5, port=80]",
                "`{\"tcpSocket\": {\"port\": \"http\", \"host\": \"h\"}}` | Tcp[host=h, port=8080]",
                "`{\"tcpSocket\": {\"port\": \"81\"}}` | Tcp[host=10.0.0.5, port=81]",
                "`{\"tcpSocket\": {\"port\": \"nil\"}}` |"
                        + " `Broken[why=the container has no port \"nil\"]`",
                "`{\"grpc\": {\"port\": 80, \"service\": \"s\"}}` |"
                        + " `Grpc[host=10.0.0.5, port=80, service=s]`",
                "`{\"sleep\": {\"seconds\": 3}}` | Sleep[time=PT3S]",
                "`{}` | Broken[why=it names nothing to do]",
            })
    void readsWhatIsToBeDone(String json, String handler) {
        assertThat(Handler.of(TestGateway.parse(json), TestGateway.parse(CONTAINER), "10.0.0.5"))
                .map(Object::toString)
                .contains(handler);
    }

    @Test
    void readsHttpAndExec() {
        assertThat(
                        Handler.of(
                                TestGateway.parse(
                                        """
                                        {"httpGet": {"port": "http", "path": "health?deep=1", "scheme": "HTTPS",
                                         "httpHeaders": [{"name": "A", "value": "b"}]}}\
                                        """),
                                TestGateway.parse(CONTAINER),
                                "10.0.0.5"))
                .contains(
                        new Handler.Http(
                                true,
                                "10.0.0.5",
                                8080,
                                "/health?deep=1",
                                List.of(new Handler.Header("A", "b"))));
        assertThat(
                        Handler.of(
                                TestGateway.parse("{\"exec\": {\"command\": [\"a\", \"b\"]}}"),
                                TestGateway.parse(CONTAINER),
                                ""))
                .contains(new Handler.Exec(List.of("a", "b")));
    }

    @Test
    void waitsForAnAddressWhereItTakesOne() {
        assertThat(
                        Handler.of(
                                TestGateway.parse("{\"tcpSocket\": {\"port\": 80}}"),
                                TestGateway.parse(CONTAINER),
                                ""))
                .isEmpty();
    }

    @Test
    void absentAndZeroMeanTheDefaults() {
        ProbeSpec probe =
                ProbeSpec.of(
                                ProbeSpec.Kind.LIVENESS,
                                TestGateway.parse(
                                        """
                                        {"livenessProbe": {"exec": {"command": ["a"]}, "periodSeconds": 0,
                                         "timeoutSeconds": 7, "failureThreshold": 0}}\
                                        """),
                                "")
                        .orElseThrow();
        assertThat(probe.initialDelay()).isZero();
        assertThat(probe.period()).isEqualTo(Duration.ofSeconds(10));
        assertThat(probe.timeout()).isEqualTo(Duration.ofSeconds(7));
        assertThat(probe.successes()).isEqualTo(1);
        assertThat(probe.failures()).isEqualTo(3);
        assertThat(probe.grace()).isNull();
    }
}
