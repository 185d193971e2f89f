// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.connector.schema.BuiltInKinds;
import dev.wayside.connector.schema.KindDefinition;
import dev.wayside.connector.store.ObjectStore.DeleteOptions;
import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.OptionalLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a deletion makes of an object. */
final class DeletionTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private final KindDefinition pods =
            new BuiltInKinds().byQualified(ResourceType.PODS.qualified()).orElseThrow();

    @ParameterizedTest
    @ValueSource(longs = {Integer.MAX_VALUE, 1L << 40, Long.MAX_VALUE})
    void aGraceBeyondAllTimesEndsIn68Years(long grace) {
        JsonObject spec =
                JsonObject.builder()
                        .put("nodeName", "n1")
                        .put("terminationGracePeriodSeconds", grace)
                        .build();
        KubeObject pod = KubeObject.of(ResourceType.PODS, "default", "web").withSpec(spec);
        KubeObject marked = marked(pod, OptionalLong.of(grace));
        assertThat(marked(pod, OptionalLong.empty())).isEqualTo(marked);
        assertThat(marked.deleted()).hasValue(NOW.plusSeconds(Integer.MAX_VALUE));
        assertThat(marked.metadata().get("deletionGracePeriodSeconds"))
                .hasValue(Json.of(Integer.MAX_VALUE));
        // It can still be brought forward.
        KubeObject sooner = marked(marked, OptionalLong.of(5));
        assertThat(sooner.deleted()).hasValue(NOW.plusSeconds(5));
    }

    private KubeObject marked(KubeObject pod, OptionalLong grace) {
        return Deletion.marked(pods, pod, new DeleteOptions(grace, null, null, null, false), NOW);
    }
}
