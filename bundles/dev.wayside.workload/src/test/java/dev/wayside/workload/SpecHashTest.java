// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.JsonObject;
import org.junit.jupiter.api.Test;

final class SpecHashTest {
    private static String hash(String container) {
        return SpecHash.of(TestGateway.parse(container), JsonObject.EMPTY);
    }

    @Test
    void staysTheSameForever() {
        // A running container carries this: to change it without a new version restarts the fleet.
        assertThat(
                        hash(
                                """
                                {"name": "web", "image": "web:1", "command": ["a"], "env": [{"name": "A", "value": "1"}],
                                 "resources": {"limits": {"cpu": "1", "memory": "64Mi"}}}\
                                """))
                .isEqualTo("v1-c5a1acf8807417d6ddd00717eb4abd15");
    }

    @Test
    void doesNotCountWhatDoesNotMatter() {
        String plain = hash("{\"name\": \"web\", \"image\": \"web:1\"}");
        assertThat(
                        hash(
                                """
                                {"image": "web:1", "terminationMessagePath": "/dev/termination-log", "name": "web",
                                 "imagePullPolicy": "Always", "resources": {}, "tty": false, "args": [], "ports": [{"containerPort": 1}]}\
                                """))
                .isEqualTo(plain);
        assertThat(hash("{\"name\": \"web\", \"image\": \"web:2\"}")).isNotEqualTo(plain);
        assertThat(
                        hash(
                                "{\"name\": \"web\", \"image\": \"web:1\", \"securityContext\":"
                                        + " {\"privileged\": true}}"))
                .isNotEqualTo(plain);
    }

    @Test
    void equalAmountsAreEqual() {
        assertThat(hash("{\"resources\": {\"limits\": {\"cpu\": \"1\"}}}"))
                .isEqualTo(hash("{\"resources\": {\"limits\": {\"cpu\": \"1000m\"}}}"));
    }

    @Test
    void otherVersionsAreNotCompared() {
        assertThat(SpecHash.differ("v0-a", hash("{}"))).isFalse();
        assertThat(SpecHash.differ("", hash("{}"))).isFalse();
        assertThat(SpecHash.differ("v1-a", hash("{}"))).isTrue();
    }
}
